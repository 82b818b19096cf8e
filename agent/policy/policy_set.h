#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "agent/identity/diagnostic.h"
#include "agent/policy/cedar_policies.h"
#include "agent/policy/rule.h"
#include "agent/policy/verdict.h"
#include "surety/policy.h"

namespace surety {

inline constexpr std::string_view kBuiltInFile = "built-in";
inline constexpr std::size_t kMaxPolicies = 2000;

/// What becomes of the built-in policy where an operator has policies of his own.
enum class BuiltIn {
  kReplaced,  ///< It is not asked.
  kBeneath,   ///< It is asked as well, without what shares an @id with one of his.
};

/// Policies with their annotations, ready to be asked. Immutable, thread-safe.
class PolicySet {
 public:
  /// Of the operator's texts; of the built-in policy alone if there are none and it is
  /// to lie beneath. Null after adding all that is wrong to `diagnostics`: to
  /// all files at once, as far as one fault does not hide another.
  static std::shared_ptr<const PolicySet> Build(std::vector<PolicyText> texts, BuiltIn built_in,
                                                Diagnostics& diagnostics);

  [[nodiscard]] const std::vector<Rule>& rules() const { return rules_; }
  [[nodiscard]] const CedarPolicies& cedar() const { return *cedar_; }
  [[nodiscard]] const std::vector<PolicyText>& texts() const { return texts_; }
  /// Ids of built-in policies whose place one of the operator's has taken.
  [[nodiscard]] const std::vector<std::string>& replaced() const { return replaced_; }

  /// What is decided for these facts (facts.h); Decision::facts is left empty. Undecided
  /// if they could not be asked with.
  [[nodiscard]] Decision Decide(std::string_view facts, PolicyMode mode,
                                const PlainQuestion& question) const;

 private:
  PolicySet() = default;

  std::unique_ptr<const CedarPolicies> cedar_;
  std::vector<Rule> rules_;  // In the order of cedar_->policies().
  std::vector<PolicyText> texts_;
  std::vector<std::string> replaced_;
};

}  // namespace surety
