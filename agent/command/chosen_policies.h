#pragma once

#include <memory>
#include <string>

#include "agent/command/flags.h"
#include "agent/policy/policy_set.h"
#include "agent/policy/policy_source.h"
#include "surety/result.h"

namespace surety {

/// The policies that the flags of a command name, as the daemon would have them.
struct ChosenPolicies {
  std::shared_ptr<const PolicySet> set;
  PolicyMode mode = PolicyMode::kEnforce;
  std::string revision;
  std::string name;  ///< For people: the folder, or "built-in".
};

PolicySource SourceOf(const PolicySourceFlags& flags);

/// kInvalidArgument with the first thing that is wrong with them.
Result<ChosenPolicies> ChoosePolicies(const PolicySourceFlags& flags);

}  // namespace surety
