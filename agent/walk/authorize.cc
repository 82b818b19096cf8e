#include "agent/walk/authorize.h"

#include <algorithm>
#include <array>
#include <utility>

#include "agent/walk/optional_facts.h"

namespace surety {
namespace {

// Two first turns of one process can race to pin; the loser decides again on
// the winner's scope. A second loss means that the pin vanished in between,
// which only the exit of the process explains.
constexpr int kPinAttempts = 2;

// The best of several decisions speaks for all: what is allowed goes on without
// what is not, and "could not tell" may still become an allow.
int RankOf(Verdict verdict) {
  constexpr std::array kWorstFirst = {Verdict::kRefuse, Verdict::kUndecided, Verdict::kChallenge,
                                      Verdict::kAllow};
  const auto* const at = std::ranges::find(kWorstFirst, verdict);
  return static_cast<int>(at - kWorstFirst.begin());
}

// The entry speaks for itself: no policy grants what it does not list.
bool Lists(const Entry& entry, std::span<const std::string> audiences) {
  return !entry.jwt_audiences ||
         std::ranges::all_of(audiences, [&entry](const std::string& audience) {
           return std::ranges::find(*entry.jwt_audiences, audience) != entry.jwt_audiences->end();
         });
}

Decision Ask(const Policy& policy, const PolicyRequest& request) {
  const auto seen = SeenFor(*request.entry, request.seen);
  if (!seen) return policy.Decide(request);
  return policy.Decide({.action = request.action,
                        .peer = request.peer,
                        .seen = *seen,
                        .pinned = request.pinned,
                        .drift = request.drift,
                        .entry = request.entry,
                        .standing = request.standing,
                        .challenge = request.challenge,
                        .wake = request.wake,
                        .audiences = request.audiences});
}

Decision DecideFor(const Policy& policy, const PolicyRequest& request) {
  Decision decision = Ask(policy, request);
  if (decision.verdict == Verdict::kAllow && !Lists(*request.entry, request.audiences)) {
    decision.verdict = Verdict::kRefuse;
    decision.reason = "audience_not_listed";
  }
  return decision;
}

void DecideAll(const Policy& policy, PolicyRequest request, const Matched& matched,
               Authorization& out) {
  out.entries.clear();
  if (matched.empty()) {
    Decision decision = policy.Decide(request);
    // Without an entry there is nothing to grant, whatever the policy says.
    if (decision.verdict == Verdict::kAllow) decision.verdict = Verdict::kRefuse;
    out.entries.push_back({.entry = nullptr, .decision = std::move(decision)});
  }
  for (const auto& entry : matched) {
    request.entry = entry.get();
    out.entries.push_back({.entry = entry, .decision = DecideFor(policy, request)});
  }
  const auto best = std::ranges::max_element(
      out.entries, {}, [](const EntryDecision& one) { return RankOf(one.decision.verdict); });
  out.verdict = best->decision.verdict;
  out.reason = best->decision.reason;
}

// A process that exits loses what it was known by, piece by piece, before it is gone. What
// it has lost is then missing and no jump; what it has gained is one as ever. Asked only
// where it matters, since the question costs a read.
void DoubtLosses(const WalkParts& parts, const Peer& peer, TurnFacts& facts) {
  if (facts.drift.empty() && !facts.standing.left_lineage) return;
  if (!peer.process->IsExiting()) return;
  const Error exiting(ErrorCode::kUnavailable, "the process has begun to exit");
  for (const auto& attestor : parts.attestors)
    facts.seen.missing.push_back({std::string(attestor->name()), exiting, attestor->optional()});
  if (std::exchange(facts.standing.left_lineage, false))
    facts.seen.missing.push_back({"lineage", exiting});
}

PolicyRequest RequestOf(const WalkParts& parts, const Peer& peer, const TurnFacts& facts,
                        const Authorization& authorization, ChallengeState challenge) {
  return {.action = authorization.action,
          .peer = peer,
          .seen = facts.seen,
          .pinned = authorization.pinned,
          .drift = authorization.drift,
          .entry = nullptr,
          .standing = facts.standing,
          .challenge = challenge,
          .wake = parts.watcher.mode(),
          .audiences = authorization.audiences};
}

}  // namespace

bool Authorization::punishes() const {
  return std::ranges::any_of(entries, [](const EntryDecision& one) {
    return one.decision.obligations.revoke || one.decision.obligations.quarantine;
  });
}

Result<TurnFacts> Look(const WalkParts& parts, const WalkRules& rules, const Peer& peer,
                       Result<Standing> standing, Moment now) {
  TurnFacts facts;
  auto seen = AttestAll(parts.attestors, peer, now.boot + rules.attest_deadline);
  if (!seen) return seen.error();
  facts.seen = *std::move(seen);
  if (standing)
    facts.standing = *std::move(standing);
  else
    facts.seen.missing.push_back({"lineage", standing.error()});
  facts.pinned = parts.ledger.Find(peer.process->key());
  if (facts.pinned) facts.drift = PinnedDrift(parts.attestors, *facts.pinned, facts.seen.selectors);
  DoubtLosses(parts, peer, facts);
  facts.matched = parts.entries.Match(facts.seen.selectors);
  return facts;
}

Result<Authorization> Authorize(const WalkParts& parts, const Peer& peer, const TurnFacts& facts,
                                const Matched& matched, const Question& question) {
  Authorization out{.action = question.action,
                    .reason = {},
                    .entries = {},
                    .pinned = facts.pinned != nullptr,
                    .drift = facts.drift,
                    .audiences = question.audiences};
  for (int attempt = 0; attempt < kPinAttempts; ++attempt) {
    if (!facts.pinned) {
      const auto since = parts.ledger.Find(peer.process->key());
      if (since) out.drift = PinnedDrift(parts.attestors, *since, facts.seen.selectors);
      out.pinned = since != nullptr;
    }
    DecideAll(parts.policy, RequestOf(parts, peer, facts, out, question.challenge), matched, out);
    if (out.verdict != Verdict::kAllow || out.pinned) return out;
    // Followed before it is pinned: what changes from here on wakes a turn.
    parts.watcher.Follow(peer.process);
    const auto pinned =
        parts.ledger.Pin(peer, Scope{PinnedOf(parts.attestors, facts.seen.selectors)});
    if (!pinned) {
      out.verdict = Verdict::kUndecided;
      out.reason = pinned.error().Text();
      return out;
    }
    if (*pinned) return out;
  }
  return Error(ErrorCode::kPeerGone, "the process exited while its scope was being pinned");
}

Matched NamedBy(const std::optional<SpiffeId>& spiffe_id, const Matched& matched) {
  Matched named;
  std::ranges::copy_if(matched, std::back_inserter(named), [&spiffe_id](const auto& entry) {
    return !spiffe_id || entry->spiffe_id == *spiffe_id;
  });
  return named;
}

Decision DecideAlso(const WalkParts& parts, const Peer& peer, const TurnFacts& facts,
                    const Authorization& authorization, const Entry& entry) {
  PolicyRequest request = RequestOf(parts, peer, facts, authorization, ChallengeState::kNone);
  request.entry = &entry;
  return DecideFor(parts.policy, request);
}

}  // namespace surety
