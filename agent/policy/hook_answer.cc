#include "agent/policy/hook_answer.h"

#include <algorithm>
#include <string>
#include <utility>

namespace surety {
namespace {

constexpr Seconds kLeastTtlCap{10};
constexpr Seconds kMostTtlCap{30 * 86'400};
constexpr Seconds kMostQuarantine{3650LL * 86'400};
constexpr std::string_view kUnavailable = "unavailable";

/// Reasons go into logs, metrics and status messages.
bool IsToken(std::string_view text) {
  return text.size() <= kMaxHookReasonBytes && std::ranges::all_of(text, [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  c == '.' || c == '_' || c == '-';
         });
}

Error Unusable(const std::string& what) {
  return {ErrorCode::kDataLoss, "the hook's answer cannot be used: " + what};
}

std::string Named(std::string_view reason) {
  return std::string(kHookReason) + std::string(reason);
}

std::string ReasonOf(const HookAnswer& answer) {
  return Named(answer.reason.empty() ? NameOf(answer.verdict) : std::string_view(answer.reason));
}

std::string AlertOf(const HookAnswer& answer) {
  return answer.reason.empty() ? std::string(kHookId) : Named(answer.reason);
}

}  // namespace

Result<void> CheckAnswer(const HookAnswer& answer) {
  const Obligations& duties = answer.obligations;
  const std::string verdict(NameOf(answer.verdict));
  if (!IsToken(answer.reason))
    return Unusable("its reason is not a token of letters, digits, '.', '_' and '-', at most " +
                    std::to_string(kMaxHookReasonBytes) + " of them");
  if (duties.ttl_cap && answer.verdict != Verdict::kAllow)
    return Unusable("it caps the lifetime and says " + verdict);
  if (duties.ttl_cap && (*duties.ttl_cap < kLeastTtlCap || *duties.ttl_cap > kMostTtlCap))
    return Unusable("it caps the lifetime at " + std::to_string(duties.ttl_cap->count()) +
                    " s; 10 s to 30 d can be asked for");
  if ((duties.revoke || duties.quarantine) && answer.verdict != Verdict::kRefuse)
    return Unusable("it punishes and says " + verdict);
  if (duties.quarantine_for && (!duties.quarantine || *duties.quarantine_for > kMostQuarantine))
    return Unusable("it has a quarantine's duration without one, or of more than 3650 d");
  return {};
}

Decision Tightened(Decision allowed, const HookAnswer& answer) {
  const Obligations& asked = answer.obligations;
  Obligations& duties = allowed.obligations;
  if (answer.verdict == Verdict::kAllow) {
    if (asked.alert) allowed.observed.push_back(AlertOf(answer));
    if (asked.ttl_cap) {
      duties.ttl_cap = std::min(duties.ttl_cap.value_or(*asked.ttl_cap), *asked.ttl_cap);
      allowed.policies.emplace_back(kHookId);
    }
  } else {
    allowed.verdict = answer.verdict;
    allowed.reason = ReasonOf(answer);
    allowed.policies = {std::string(kHookId)};
    duties.ttl_cap.reset();
    duties.revoke = asked.revoke || asked.quarantine;
    duties.quarantine = asked.quarantine;
    duties.quarantine_for = asked.quarantine_for;
  }
  duties.alert |= asked.alert || asked.quarantine;
  return allowed;
}

Decision Watched(Decision allowed, const HookAnswer& answer) {
  if (answer.verdict != Verdict::kAllow)
    allowed.observed.push_back(ReasonOf(answer));
  else if (answer.obligations.alert)
    allowed.observed.push_back(AlertOf(answer));
  return allowed;
}

Decision Unanswered(Decision allowed, Verdict verdict, const Error& why) {
  allowed.verdict = verdict;
  allowed.reason = Named(kUnavailable);
  allowed.policies = {std::string(kHookId)};
  allowed.errors.push_back(std::string(kHookId) + ": " + why.Text());
  allowed.obligations.ttl_cap.reset();
  return allowed;
}

Decision UnansweredWatched(Decision allowed, const Error& why) {
  allowed.observed.push_back(Named(kUnavailable));
  allowed.errors.push_back(std::string(kHookId) + ": " + why.Text());
  return allowed;
}

}  // namespace surety
