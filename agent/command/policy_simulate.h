#pragma once

#include <ostream>
#include <string>

#include "agent/command/flags.h"
#include "surety/result.h"

namespace surety {

/// `surety policy simulate`: asks the policies again what the log in `folder` says was
/// asked, and prints the decisions that change and a summary. Only if none changes, all
/// could be asked for again and no line is damaged it is no error: kInvalidArgument if
/// the policies have errors or decisions change, kDataLoss if some could not be told;
/// else as AuditReplay.
Result<void> SimulatePolicies(const PolicySimulateFlags& flags, const std::string& folder,
                              std::ostream& out);

}  // namespace surety
