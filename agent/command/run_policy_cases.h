#pragma once

#include <ostream>

#include "agent/command/flags.h"
#include "surety/result.h"

namespace surety {

/// `surety policy test`: runs the cases of all files and prints which are not decided as
/// they expect, and how far they reach. kInvalidArgument if policies or files have errors,
/// or a case failed, or coverage was asked for and is not full.
Result<void> RunPolicyCases(const PolicyTestFlags& flags, std::ostream& out);

}  // namespace surety
