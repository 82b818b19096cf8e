#include "surety/svid_stream.h"

namespace surety {
namespace {

// Two first turns of one process can race to pin; the loser decides again on
// the winner's scope. A second loss means that the pin vanished in between,
// which only the exit of the process explains.
constexpr int kPinAttempts = 2;

// Asks for every entry that matches, or once for none at all.
void Decide(const WalkParts& parts, const PolicyRequest& common, const Granted& matched,
            Authorization& out) {
  out.granted.clear();
  if (matched.empty()) {
    const Decision decision = parts.policy.Decide(common);
    // Without an entry there is nothing to grant, whatever the policy says.
    out.verdict = decision.verdict == Verdict::kAllow ? Verdict::kRefuse : decision.verdict;
    out.reason = decision.reason;
    return;
  }
  out.verdict = Verdict::kRefuse;
  for (const auto& entry : matched) {
    PolicyRequest request = common;
    request.entry = entry.get();
    const Decision decision = parts.policy.Decide(request);
    if (decision.verdict == Verdict::kAllow) out.granted.push_back(entry);
    const bool first = entry == matched.front();
    const bool outranks =
        decision.verdict == Verdict::kAllow
            ? out.verdict != Verdict::kAllow
            : decision.verdict == Verdict::kUndecided && out.verdict == Verdict::kRefuse;
    if (first || outranks) {
      out.verdict = decision.verdict;
      out.reason = decision.reason;
    }
  }
}

}  // namespace

Result<Authorization> Authorize(const WalkParts& parts, const WalkTimes& times, const Peer& peer,
                                Action action, Moment now) {
  Authorization out;
  auto seen = AttestAll(parts.attestors, peer, now.boot + times.attest_deadline);
  if (!seen) return seen.error();
  out.seen = *std::move(seen);
  const Granted matched = parts.entries.Match(out.seen.selectors);

  for (int attempt = 0; attempt < kPinAttempts; ++attempt) {
    const std::optional<Scope> pinned = parts.ledger.Find(peer.process->key());
    out.drift = pinned ? DriftBetween(*pinned, out.seen.selectors) : Drift{};
    const PolicyRequest request{.action = action,
                                .peer = peer,
                                .seen = out.seen,
                                .pinned = pinned,
                                .drift = out.drift,
                                .entry = nullptr};
    Decide(parts, request, matched, out);
    if (out.verdict != Verdict::kAllow || pinned) return out;
    if (parts.ledger.Pin(peer, Scope{out.seen.selectors})) return out;
  }
  return Error(ErrorCode::kPeerGone, "the process exited while its scope was being pinned");
}

}  // namespace surety
