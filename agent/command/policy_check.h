#pragma once

#include <ostream>

#include "agent/command/flags.h"
#include "surety/result.h"

namespace surety {

/// `surety policy check`: reads the folder as the daemon would and prints all that is
/// wrong with it. kInvalidArgument if the daemon would not take it.
Result<void> CheckPolicies(const PolicyCheckFlags& flags, std::ostream& out);

}  // namespace surety
