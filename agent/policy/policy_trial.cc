#include "agent/policy/policy_trial.h"

#include <nlohmann/json.hpp>
#include <utility>

namespace surety {

Result<PolicyTrial> TryPolicies(const PolicySet& policies, std::string_view facts,
                                PolicyMode mode) {
  if (auto checked = policies.cedar().CheckFacts(facts); !checked) return checked.error();
  auto answer = policies.cedar().Ask(facts);
  if (!answer) return answer.error();
  // The facts keep to the schema: both are there.
  const auto json = nlohmann::json::parse(facts, nullptr, /*allow_exceptions=*/false);
  const PlainQuestion question{.complete = json.value("complete", false),
                               .entry_matched = json.value("entry_matched", false)};
  PolicyTrial out{.decision = DecisionFrom(policies.rules(), *answer, mode, question),
                  .holding = std::move(answer->holding)};
  if (!question.entry_matched && out.decision.verdict == Verdict::kAllow)
    out.decision.verdict = Verdict::kRefuse;
  return out;
}

}  // namespace surety
