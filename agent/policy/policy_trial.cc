#include "agent/policy/policy_trial.h"

#include <utility>

#include "agent/policy/fact_shape.h"
#include "agent/policy/written_values.h"

namespace surety {
namespace {

Error NotTheseFacts(std::string why) { return {ErrorCode::kInvalidArgument, std::move(why)}; }

/// Which question this is, if the facts are of our schema as far as that is told fast.
Result<PlainQuestion> QuestionIn(std::string_view facts) {
  Diagnostics diagnostics;
  FileDiagnostics errors("facts", diagnostics);
  const auto written = ReadValues(facts, errors);
  if (!written || !FitsShape(*written, errors))
    return NotTheseFacts(diagnostics.items().front().what);
  const auto complete = written->values.find("complete");
  const auto matched = written->values.find("entry_matched");
  if (complete == written->values.end() || matched == written->values.end())
    return NotTheseFacts("\"complete\" or \"entry_matched\" is missing");
  return PlainQuestion{.complete = complete->get<bool>(), .entry_matched = matched->get<bool>()};
}

}  // namespace

Result<PolicyTrial> TryPolicies(const PolicySet& policies, std::string_view facts,
                                PolicyMode mode) {
  const auto question = QuestionIn(facts);
  if (!question) return question.error();
  auto answer = policies.cedar().Ask(facts);
  // The full check takes as long as ten questions: only where a fact may be missing.
  if (!answer || !answer->failed.empty())
    if (auto checked = policies.cedar().CheckFacts(facts); !checked) return checked.error();
  if (!answer) return answer.error();
  PolicyTrial out{.decision = DecisionFrom(policies.rules(), *answer, mode, *question),
                  .holding = std::move(answer->holding)};
  if (!question->entry_matched && out.decision.verdict == Verdict::kAllow)
    out.decision.verdict = Verdict::kRefuse;
  return out;
}

}  // namespace surety
