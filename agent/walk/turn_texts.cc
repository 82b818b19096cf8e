#include "agent/walk/turn_texts.h"

#include <algorithm>

namespace surety {

std::string Refused(const std::string& reason) { return "no identity issued: " + reason; }

std::string CouldNotTell(const std::string& why, const Attestation& seen) {
  std::string text = "could not tell who is calling: " + why;
  for (const MissingFact& fact : seen.missing) text += "; " + fact.kind + ": " + fact.why.Text();
  return text;
}

std::string SummaryOf(const Authorization& authorization, const Attestation& seen) {
  std::string summary(NameOf(authorization.verdict));
  summary += ' ' + authorization.reason;
  for (const std::string& audience : authorization.audiences) summary += '\n' + audience;
  for (const EntryDecision& one : authorization.entries) {
    summary += '\n' + (one.entry ? one.entry->id : std::string());
    summary += ' ' + std::string(NameOf(one.decision.verdict)) + ' ' + one.decision.reason;
    for (const std::string& policy : one.decision.observed) summary += ' ' + policy;
  }
  // What is only still under way is no news.
  for (const MissingFact& fact : seen.missing)
    if (fact.why.code() != ErrorCode::kUnavailable)
      summary += '\n' + fact.kind + ' ' + std::string(NameOf(fact.why.code()));
  return summary;
}

void ComeBackBy(std::optional<BootTime>& next, BootTime when) {
  next = next ? std::min(*next, when) : when;
}

}  // namespace surety
