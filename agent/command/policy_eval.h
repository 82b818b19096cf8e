#pragma once

#include <istream>
#include <ostream>

#include "agent/command/flags.h"
#include "surety/result.h"

namespace surety {

/// `surety policy eval`: asks for one request and prints the decision and, if that is
/// wanted, which policies hold, what they read and what that was. `in` is the standard
/// input. kInvalidArgument if the policies or the facts have errors, with all of them
/// printed or named; no verdict is an error.
Result<void> EvaluateRequest(const PolicyEvalFlags& flags, std::istream& in, std::ostream& out);

}  // namespace surety
