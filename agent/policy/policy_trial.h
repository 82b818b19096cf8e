#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "agent/policy/policy_set.h"
#include "surety/policy.h"
#include "surety/result.h"

namespace surety {

/// What policies would say, and which of them hold.
struct PolicyTrial {
  Decision decision;
  std::vector<std::uint32_t> holding;  ///< Indexes into PolicySet::rules(), rising.
};

/// Asks as the walk does: without an entry there is nothing to grant, so that an allow
/// is a refusal. kInvalidArgument if the facts, which Surety did not make just now, have
/// something that the schema does not, or lack something that a policy reads; kInternal
/// if nothing could be asked. Pure.
Result<PolicyTrial> TryPolicies(const PolicySet& policies, std::string_view facts, PolicyMode mode);

}  // namespace surety
