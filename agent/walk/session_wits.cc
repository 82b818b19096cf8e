// WIT-SVIDs, which are tokens to the policy and kept as SVIDs are: the rest of Session.

#include <algorithm>
#include <utility>

#include "agent/walk/authorize.h"
#include "agent/walk/turn_texts.h"
#include "surety/session.h"

namespace surety {

bool Session::HoldsNothing() const {
  return held_.empty() &&
         std::ranges::all_of(wits_, [](const auto& item) { return item.second.held.empty(); });
}

Result<void> Session::StepWits(const TurnFacts& facts, Moment now, std::span<const WitAsk> asks,
                               TokenTurn& tokens, Turn& turn) {
  // What no stream asks for any more goes: it cannot be taken away, and is made anew.
  std::map<std::string, WitSet> before = std::exchange(wits_, {});
  for (const WitAsk& one : asks) {
    const std::string name = one.spiffe_id ? one.spiffe_id->Text() : std::string();
    WitSet& set = wits_[name] = std::move(before[name]);
    WitAnswer& answer = turn.wits.emplace_back();
    // Who holds something loses it when it jumps, however many streams it opens meanwhile.
    if (turn.crowded && set.held.empty()) {
      answer.outcome.reason = "this process opens too many streams";
      continue;
    }
    const bool newcomers = one.newcomers > 0 && !turn.crowded;
    const Ask ask{facts, now, newcomers, set.recorded, turn, answer.outcome};
    if (auto done = StepWit(ask, one.spiffe_id, tokens, set); !done) return done;
    if (answer.outcome.verdict == Verdict::kAllow) answer.update = set.update;
  }
  return {};
}

Result<void> Session::StepWit(const Ask& ask, const std::optional<SpiffeId>& spiffe_id,
                              TokenTurn& tokens, WitSet& set) {
  const Matched named = NamedBy(spiffe_id, ask.facts.matched);
  auto authorization = AuthorizeToken(ask, named, {}, tokens);
  if (!authorization) return authorization.error();
  switch (authorization->verdict) {
    case Verdict::kAllow: return HandOutWits(ask, *authorization, tokens, set);
    case Verdict::kRefuse:
      set.held.clear();
      set.update = nullptr;
      return Refuse(ask, *authorization);
    case Verdict::kChallenge:
    case Verdict::kUndecided: break;
  }
  WitsNotNow(ask, *authorization, std::string(authorization->reason), set);
  return {};
}

void Session::WitsNotNow(const Ask& ask, Authorization& authorization, const std::string& why,
                         WitSet& set) {
  TokensNotNow(ask, authorization, why);
  const bool expired = !set.held.empty() && std::ranges::all_of(set.held, [&](const HeldWit& one) {
    return one.expires_at <= ask.now.boot;
  });
  if (!rules_.refuse_at_expiry || !expired) return;
  set.held.clear();
  set.update = nullptr;
  ask.outcome = {Verdict::kRefuse, Refused("expired while " + CouldNotTell(why, ask.facts.seen)),
                 ask.recorded.decision};
}

Result<void> Session::HandOutWits(const Ask& ask, Authorization& authorization, TokenTurn& tokens,
                                  WitSet& set) {
  const auto not_now = [&](const Error& error) -> Result<void> {
    tokens.undecided = true;
    WitsNotNow(ask, authorization, error.Text(), set);
    return {};
  };
  auto next = MintWits(authorization, set, ask.now);
  if (!next) return not_now(next.error());
  KeepWits(ask, authorization, set, *next);
  const bool minted = std::ranges::any_of(
      authorization.entries, [](const EntryDecision& one) { return one.token.has_value(); });
  if (auto recorded = Record(ask, authorization, ask.newcomers || minted); !recorded)
    return not_now(recorded.error());
  Punish(ask, authorization);
  if (!peer_.process->IsAlive())
    return Error(ErrorCode::kPeerGone, "the process exited before its WIT-SVID was sent");
  for (const EntryDecision& one : authorization.entries)
    if (one.token)
      parts_.history.Count(ask.facts.standing, peer_.process->key(), Happening::kSvid,
                           one.entry->spiffe_id.Text(), ask.now);
  if (!set.update || !std::ranges::equal(set.held, *next, {}, &HeldWit::svid, &HeldWit::svid)) {
    WitUpdate update;
    for (const HeldWit& one : *next) update.svids.push_back(one.svid);
    set.update = std::make_shared<const WitUpdate>(std::move(update));
  }
  set.held = *std::move(next);
  ask.outcome.verdict = Verdict::kAllow;
  CallAgainForWits(ask, authorization.pinned, set);
  return {};
}

void Session::CallAgainForWits(const Ask& ask, bool pinned, const WitSet& set) const {
  const BootTime now = ask.now.boot;
  ComeBackBy(ask.turn.next, now + (pinned ? rules_.recheck : kSecondLook));
  const BootTime later = now + rules_.last_retry;
  if (!ask.facts.seen.complete()) ComeBackBy(ask.turn.next, later);
  for (const HeldWit& one : set.held)
    ComeBackBy(ask.turn.next, one.rotate_at > now ? one.rotate_at : later);
}

Result<std::vector<Session::HeldWit>> Session::MintWits(Authorization& authorization,
                                                        const WitSet& set, Moment now) const {
  std::vector<HeldWit> next;
  const bool rotating =
      std::ranges::any_of(set.held, [&](const HeldWit& one) { return one.rotate_at <= now.boot; });
  for (EntryDecision& one : authorization.entries) {
    if (one.decision.verdict != Verdict::kAllow) continue;
    const auto held = std::ranges::find_if(
        set.held, [&](const HeldWit& wit) { return IsStillGood(wit, one, rotating, now); });
    if (held != set.held.end()) {
      next.push_back(*held);
      continue;
    }
    auto minted = MintWit(one, now);
    if (!minted) return minted.error();
    next.push_back(*std::move(minted));
  }
  return next;
}

bool Session::IsStillGood(const HeldWit& held, const EntryDecision& granted, bool rotating,
                          Moment now) {
  // What is due a little later than another is renewed with it, in one message.
  const auto lifetime = held.svid->expires_at - held.svid->issued_at;
  const auto ahead = rotating ? lifetime / kRotationSpread : BootClock::duration::zero();
  // By the wall clock, too: whoever verifies it has no other, and it may have been set.
  const bool valid = now.boot + ahead < held.rotate_at && held.svid->issued_at <= now.wall &&
                     now.wall < held.svid->expires_at;
  const auto cap = granted.decision.obligations.ttl_cap;
  return *held.entry == *granted.entry && valid && (!cap || held.expires_at - now.boot <= *cap);
}

Result<Session::HeldWit> Session::MintWit(EntryDecision& granted, Moment now) const {
  Entry capped = *granted.entry;
  if (const auto cap = granted.decision.obligations.ttl_cap)
    capped.wit_ttl = std::min(capped.wit_ttl, *cap);
  auto svid = parts_.wits->IssueWit(capped, now.wall);
  if (!svid) return svid.error();
  granted.token = IssuedToken{.token_id = svid->token_id,
                              .key_id = svid->key_id,
                              .issued_at = svid->issued_at,
                              .expires_at = svid->expires_at};
  const auto lifetime = svid->expires_at - now.wall;
  return HeldWit{.entry = granted.entry,
                 .svid = std::make_shared<const WitSvid>(*std::move(svid)),
                 .rotate_at = now.boot + RotateAfter(lifetime, granted.token->token_id),
                 .expires_at = now.boot + lifetime};
}

}  // namespace surety
