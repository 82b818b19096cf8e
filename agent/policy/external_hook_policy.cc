#include "agent/policy/external_hook_policy.h"

#include <utility>

#include "agent/policy/hook_answer.h"

namespace surety {

Decision ExternalHookPolicy::Decide(const PolicyRequest& request) const {
  Decision decision = policies_.Decide(request);
  if (decision.verdict != Verdict::kAllow || request.entry == nullptr ||
      request.action == Action::kBundles)
    return decision;
  const std::string spiffe_id = request.entry->spiffe_id.Text();
  std::optional<BootClock::duration> took;
  const auto answer = Ask({.action = request.action,
                           .spiffe_id = spiffe_id,
                           .entry_id = request.entry->id,
                           .decided = decision},
                          took);
  decision.hook_took = took;
  const bool watches = settings_.mode == PolicyMode::kMonitor;
  if (answer)
    return watches ? Watched(std::move(decision), *answer)
                   : Tightened(std::move(decision), *answer);
  return watches ? UnansweredWatched(std::move(decision), answer.error())
                 : Unanswered(std::move(decision), settings_.on_failure, answer.error());
}

Result<HookAnswer> ExternalHookPolicy::Ask(const HookQuestion& question,
                                           std::optional<BootClock::duration>& took) const {
  const BootTime begun = clock_.Now().boot;
  const auto permit = gate_.Enter(begun);
  if (!permit) return permit.error();
  auto answer = hook_.Ask(question, settings_.timeout);
  took = clock_.Now().boot - begun;
  if (answer) {
    if (const auto usable = CheckAnswer(*answer); !usable) answer = usable.error();
  }
  if (!answer) {
    Failed(*permit, answer.error().Text());
    return answer;
  }
  if (const auto ended = gate_.Answered(*permit); ended && events_.answers_again)
    events_.answers_again(clock_.Now().boot - ended->since.boot);
  return answer;
}

void ExternalHookPolicy::Failed(const HookGate::Permit& permit, const std::string& why) const {
  if (gate_.Failed(permit, why, clock_.Now()) && events_.failed) events_.failed(why);
}

std::string ExternalHookPolicy::Degraded() const {
  const auto failure = gate_.failure();
  if (!failure) return {};
  std::string follows = "nothing new is issued";
  if (settings_.on_failure == Verdict::kRefuse) follows = "everybody is refused";
  if (settings_.mode == PolicyMode::kMonitor)
    follows = "nothing follows, since policies only watch";
  return "the hook does not answer, and " + follows + ": " + failure->why;
}

}  // namespace surety
