#pragma once

#include <string_view>

namespace surety {

/// The built-in policy, Cedar: agent/policy/default.cedar, word for word.
extern const std::string_view kDefaultPolicy;

/// The schema of the facts, Cedar: agent/policy/surety.cedarschema, word for word.
extern const std::string_view kPolicySchema;

}  // namespace surety
