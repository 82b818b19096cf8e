#pragma once

#include <ostream>

#include "agent/command/flags.h"
#include "surety/result.h"

namespace surety {

/// `surety policy show`: lists policies, or prints their text or the schema of the facts.
/// kInvalidArgument if they have errors.
Result<void> ShowPolicies(const PolicyShowFlags& flags, std::ostream& out);

}  // namespace surety
