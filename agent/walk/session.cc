#include "surety/session.h"

#include <algorithm>
#include <utility>

#include "agent/walk/authorize.h"
#include "agent/walk/turn_texts.h"

namespace surety {
namespace {

IssuedSvid Describe(const X509Svid& svid, const Entry& entry) {
  return {.spiffe_id = svid.id.Text(),
          .entry_id = entry.id,
          .serial = svid.serial,
          .issuer_key_id = svid.issuer_key_id,
          .not_before = svid.not_before,
          .not_after = svid.not_after,
          .revoke_on_exit = entry.revoke_on_exit};
}

// Whom else to trust stands beside an SVID, not in it.
bool SvidIsTheSame(const Entry& before, Entry now) {
  now.federates_with = before.federates_with;
  return now == before;
}

}  // namespace

Result<Session::Turn> Session::Step(Moment now, const Demand& demand) {
  const bool svids_begin = challenge_.BeginsLook(now.boot);
  if (token_challenge_.BeginsLook(now.boot) || svids_begin)
    for (const auto& attestor : parts_.attestors) attestor->Forget(peer_);
  Turn turn;
  // Who let its parents exit is an orphan by now, of a lineage that only its birth tells.
  if (!std::exchange(heard_of_birth_, true)) parts_.watcher.HearOfBirth(*peer_.process);
  auto standing = parts_.history.Look(peer_, now);
  if (!standing && standing.error().code() == ErrorCode::kPeerGone) return standing.error();
  if (standing) turn.crowded = !LetIn(*standing, NewcomersOf(demand), now);
  // Before any other work is done for them.
  if (turn.crowded && HoldsNothing()) return turn;
  // Attested last, since it ends with the question whether the process still lives.
  const auto facts = Look(parts_, rules_, peer_, std::move(standing), now);
  if (!facts) return facts.error();

  const bool newcomers = demand.newcomers > 0 && !turn.crowded;
  if (demand.svids || !held_.empty()) {
    const Ask ask{*facts, now, newcomers, recorded_svids_, turn, turn.svids};
    const bool asked = demand.svids || demand.bundles;
    if (auto done = asked ? StepSvids(ask) : StepAlone(ask); !done) return done.error();
  }
  if (demand.bundles) {
    const Ask ask{*facts, now, newcomers, recorded_bundles_, turn, turn.bundles};
    if (auto done = StepBundles(ask); !done) return done.error();
  }
  TokenTurn tokens;
  if (auto done = StepWits(*facts, now, demand.wits, tokens, turn); !done) return done.error();
  if (turn.crowded) {
    // Those that an earlier turn let in wait for the next.
    if (!demand.tokens.empty() || !demand.wits.empty())
      ComeBackBy(turn.next, now.boot + kSecondLook);
    return turn;
  }
  if (auto done = StepTokens(*facts, now, demand.tokens, tokens, turn); !done) return done.error();
  ConcludeTokens(tokens, now, turn);
  return turn;
}

std::uint32_t Session::NewcomersOf(const Demand& demand) {
  std::uint32_t all = demand.newcomers;
  for (const TokenAsk& one : demand.tokens) all += one.newcomer ? 1 : 0;
  for (const WitAsk& one : demand.wits) all += one.newcomers;
  return all;
}

bool Session::LetIn(const Standing& standing, std::uint32_t newcomers, Moment now) {
  lineage_ = standing.lineage.id;
  for (std::uint32_t i = 0; i < newcomers; ++i) {
    if (!parts_.gate.Allow(lineage_, now.boot)) {
      parts_.history.Count(standing, peer_.process->key(), Happening::kRefusal, {}, now);
      return false;
    }
    parts_.history.Count(standing, peer_.process->key(), Happening::kStream, {}, now);
  }
  return true;
}

Result<void> Session::StepSvids(const Ask& ask) {
  const Action action = held_.empty() || ask.newcomers ? Action::kIssue : Action::kRotate;
  auto authorization = Authorize(parts_, peer_, ask.facts, ask.facts.matched, {.action = action});
  if (!authorization) return authorization.error();
  if (authorization->verdict == Verdict::kChallenge) {
    if (auto looked = LookAgain(ask, *authorization); !looked) return looked;
  }
  switch (authorization->verdict) {
    case Verdict::kAllow: return HandOut(ask, *authorization);
    case Verdict::kRefuse: return Refuse(ask, *authorization);
    case Verdict::kChallenge:
    case Verdict::kUndecided: NotNow(ask, *authorization, authorization->reason); break;
  }
  return {};
}

// Nobody waits for anything. But who holds an SVID is to lose it when it jumps.
Result<void> Session::StepAlone(const Ask& ask) {
  auto authorization =
      Authorize(parts_, peer_, ask.facts, ask.facts.matched, {.action = Action::kRotate});
  if (!authorization) return authorization.error();
  if (authorization->verdict == Verdict::kRefuse) return Refuse(ask, *authorization);
  ask.outcome.verdict = authorization->verdict;
  ComeBackBy(ask.turn.next, ask.now.boot + rules_.recheck);
  return {};
}

// Whoever passes is asked again, as one who did.
Result<void> Session::LookAgain(const Ask& ask, Authorization& authorization) {
  if (challenge_.Saw(ask.facts.seen, ask.now.boot) == Challenge::State::kLookAgain) {
    ComeBackBy(ask.turn.next, challenge_.due());
    return {};
  }
  auto again =
      surety::Authorize(parts_, peer_, ask.facts, ask.facts.matched,
                        {.action = authorization.action, .challenge = ChallengeState::kPassed});
  if (!again) return again.error();
  authorization = *std::move(again);
  return {};
}

Result<void> Session::StepBundles(const Ask& ask) {
  auto authorization =
      Authorize(parts_, peer_, ask.facts, ask.facts.matched, {.action = Action::kBundles});
  if (!authorization) return authorization.error();
  if (authorization->verdict == Verdict::kRefuse) return Refuse(ask, *authorization);
  if (authorization->verdict != Verdict::kAllow) {
    NotNow(ask, *authorization, authorization->reason);
    return {};
  }
  if (auto recorded = Record(ask, *authorization, ask.newcomers); !recorded) {
    NotNow(ask, *authorization, recorded.error().Text());
    return {};
  }
  ask.outcome.verdict = Verdict::kAllow;
  GrantBundles(*authorization, ask.facts.seen);
  ShowBundles(ask.turn);
  ComeBackBy(ask.turn.next, ask.now.boot + rules_.recheck);
  return {};
}

Result<void> Session::HandOut(const Ask& ask, Authorization& authorization) {
  auto next = Mint(authorization, ask.now);
  if (!next) {
    NotNow(ask, authorization, next.error().Text());
    return {};
  }
  Keep(ask, authorization, *next);
  std::vector<IssuedSvid> minted;
  for (const EntryDecision& one : authorization.entries)
    if (one.minted) minted.push_back(*one.issued);
  if (auto recorded = Record(ask, authorization, ask.newcomers || !minted.empty()); !recorded) {
    NotNow(ask, authorization, recorded.error().Text());
    return {};
  }
  if (!minted.empty()) parts_.sanctions.Given(peer_, ask.facts.standing, minted);
  Punish(ask, authorization);
  if (!peer_.process->IsAlive())
    return Error(ErrorCode::kPeerGone, "the process exited before its SVID was sent");

  for (const IssuedSvid& svid : minted)
    parts_.history.Count(ask.facts.standing, peer_.process->key(), Happening::kSvid, svid.spiffe_id,
                         ask.now);
  Share(*std::move(next));
  retry_.Reset();
  challenge_.Reset();
  ask.outcome.verdict = Verdict::kAllow;
  ask.turn.svid_update = update_;
  ComeBackBy(ask.turn.next, ask.now.boot + (authorization.pinned ? rules_.recheck : kSecondLook));
  const BootTime later = ask.now.boot + rules_.last_retry;
  if (!ask.facts.seen.complete()) ComeBackBy(ask.turn.next, later);
  for (const Held& one : held_)
    ComeBackBy(ask.turn.next, one.rotate_at > ask.now.boot ? one.rotate_at : later);
  return {};
}

Result<void> Session::Refuse(const Ask& ask, const Authorization& authorization) {
  const bool news = authorization.punishes() && !held_.empty();
  // A refusal stands whether or not it can be recorded.
  const auto recorded = Record(ask, authorization, news);
  static_cast<void>(recorded);
  Punish(ask, authorization);
  parts_.history.Count(ask.facts.standing, peer_.process->key(), Happening::kRefusal, {}, ask.now);
  ask.outcome = {Verdict::kRefuse, Refused(authorization.reason), ask.recorded.decision};
  // Who may not have a token, for this audience or at all, may still have its SVIDs.
  if (authorization.action == Action::kToken) return {};
  if (authorization.action == Action::kBundles) {
    federating_.clear();
  } else {
    held_.clear();
    update_ = nullptr;
  }
  retry_.Reset();
  challenge_.Reset();
  return {};
}

void Session::NotNow(const Ask& ask, Authorization& authorization, const std::string& why) {
  const bool looking = authorization.verdict == Verdict::kChallenge && challenge_.pending();
  authorization.verdict = Verdict::kUndecided;
  authorization.reason = why;
  for (EntryDecision& one : authorization.entries) one.issued.reset();
  // The record of "could not tell" itself may be what cannot be written; the
  // streams wait all the same.
  const auto recorded = Record(ask, authorization, false);
  static_cast<void>(recorded);
  if (rules_.refuse_at_expiry && ExpiredBy(ask.now)) {
    held_.clear();
    update_ = nullptr;
    ask.outcome = {Verdict::kRefuse, Refused("expired while " + CouldNotTell(why, ask.facts.seen)),
                   ask.recorded.decision};
    return;
  }
  ask.outcome = {Verdict::kUndecided, CouldNotTell(why, ask.facts.seen), ask.recorded.decision};
  KeepInformed(ask, authorization.action);
  if (!looking) ComeBackBy(ask.turn.next, retry_.After(ask.now.boot));
}

// Bundles and CRLs take trust away: whoever may have no new SVID now has to hear of it.
void Session::KeepInformed(const Ask& ask, Action action) {
  if (action == Action::kBundles) {
    ShowBundles(ask.turn);
  } else if (update_ && std::ranges::none_of(held_, [&](const Held& one) {
               return one.expires_at <= ask.now.boot;
             })) {
    Share(held_);
    ask.turn.svid_update = update_;
  }
}

Result<std::vector<Session::Held>> Session::Mint(Authorization& authorization, Moment now) {
  std::vector<Held> next;
  const bool rotating =
      std::ranges::any_of(held_, [&](const Held& one) { return one.rotate_at <= now.boot; });
  for (EntryDecision& one : authorization.entries) {
    if (one.decision.verdict != Verdict::kAllow) continue;
    if (const Held* good = StillGood(one, rotating, now)) {
      next.push_back(*good);
      next.back().entry = one.entry;
    } else {
      Entry capped = *one.entry;
      if (const auto cap = one.decision.obligations.ttl_cap)
        capped.x509_ttl = std::min(capped.x509_ttl, *cap);
      auto svid = parts_.issuer.Issue(capped, now.wall);
      if (!svid) return svid.error();
      const auto lifetime = svid->not_after - now.wall;
      next.push_back({.entry = one.entry,
                      .svid = nullptr,
                      .issued = Describe(*svid, *one.entry),
                      .rotate_at = now.boot + RotateAfter(lifetime, svid->serial),
                      .expires_at = now.boot + lifetime});
      next.back().svid = std::make_shared<const X509Svid>(*std::move(svid));
      one.minted = true;
    }
    one.issued = next.back().issued;
  }
  return next;
}

const Session::Held* Session::StillGood(const EntryDecision& granted, bool rotating,
                                        Moment now) const {
  const auto at = std::ranges::find_if(
      held_, [&](const Held& one) { return one.entry->id == granted.entry->id; });
  if (at == held_.end()) return nullptr;
  const bool same = at->entry == granted.entry || SvidIsTheSame(*at->entry, *granted.entry);
  // What is due a little later than another is renewed with it, in one message.
  const auto ahead = rotating ? (at->svid->not_after - at->svid->not_before) / kRotationSpread
                              : BootClock::duration::zero();
  // By the wall clock, too: whoever verifies it has no other, and it may have been set.
  const bool valid = now.boot + ahead < at->rotate_at && at->svid->not_before <= now.wall &&
                     now.wall < at->svid->not_after;
  const auto cap = granted.decision.obligations.ttl_cap;
  const bool short_enough = !cap || at->expires_at - now.boot <= *cap;
  if (!same || !valid || !short_enough) return nullptr;
  return parts_.sanctions.StillGiven(at->issued) ? &*at : nullptr;
}

void Session::Share(std::vector<Held> next) {
  // Asked for after minting, so that they hold whatever signed.
  auto bundles = BundlesFor(next);
  const bool same = update_ && update_->bundles->edition == bundles->edition &&
                    std::ranges::equal(held_, next, {}, &Held::svid, &Held::svid);
  held_ = std::move(next);
  if (same) return;
  SvidUpdate update{.svids = {}, .bundles = std::move(bundles)};
  for (const Held& one : held_) update.svids.push_back(one.svid);
  update_ = std::make_shared<const SvidUpdate>(std::move(update));
}

Result<void> Session::Record(const Ask& ask, const Authorization& authorization, bool news) {
  Recorded& last = ask.recorded;
  std::string summary = SummaryOf(authorization, ask.facts.seen);
  if (!news && summary == last.summary && authorization.drift == last.drift) return {};
  auto decision = parts_.audit.Write({.at = ask.now,
                                      .action = authorization.action,
                                      .verdict = authorization.verdict,
                                      .reason = authorization.reason,
                                      .peer = peer_,
                                      .seen = ask.facts.seen,
                                      .pinned = authorization.pinned,
                                      .drift = authorization.drift,
                                      .standing = ask.facts.standing,
                                      .wake = parts_.watcher.mode(),
                                      .policy_revision = parts_.policy.revision(),
                                      .entries = authorization.entries,
                                      .latency = parts_.clock.Now().boot - ask.now.boot,
                                      .audiences = authorization.audiences});
  if (!decision) {
    last = {};
    return decision.error().Within("writing the audit record");
  }
  last = {std::move(summary), authorization.drift, *std::move(decision)};
  Suspect(ask, authorization);
  return {};
}

// Once for each record, so that asking again and again adds no more than what a
// refusal itself adds.
void Session::Suspect(const Ask& ask, const Authorization& authorization) {
  const std::string& lineage = ask.facts.standing.lineage.id;
  for (const EntryDecision& one : authorization.entries) {
    if (one.decision.verdict != Verdict::kAllow)
      parts_.history.Suspect(lineage, one.decision.reason, ask.now);
    for (const std::string& policy : one.decision.observed)
      parts_.history.Suspect(lineage, policy, ask.now);
  }
}

void Session::Punish(const Ask& ask, const Authorization& authorization) {
  const ProcessKey process = peer_.process->key();
  if (authorization.punishes()) PunishForWhatItWas(ask, authorization);
  for (const EntryDecision& one : authorization.entries) {
    const Obligations& ordered = one.decision.obligations;
    const Sentence sentence{.process = process,
                            .standing = ask.facts.standing,
                            .entry_id = one.entry ? one.entry->id : std::string(),
                            .reason = one.decision.reason,
                            .decision = ask.recorded.decision};
    // What cannot be stored is in force all the same, and is told by the daemon's status.
    if (ordered.quarantine && ask.facts.standing.quarantines.empty()) {
      const auto done = parts_.sanctions.Quarantine(sentence, ordered.quarantine_for, ask.now);
      static_cast<void>(done);
    } else if (ordered.revoke || ordered.quarantine) {
      const auto done =
          parts_.sanctions.Revoke(sentence, RevocationReason::kPrivilegeWithdrawn, ask.now);
      static_cast<void>(done);
    }
  }
}

// Whoever has jumped out of what an entry asks for is not judged by that entry any
// more, and must not keep what it was given by it.
void Session::PunishForWhatItWas(const Ask& ask, const Authorization& authorization) {
  std::vector<std::string> judged;
  for (const EntryDecision& one : authorization.entries)
    if (one.entry) judged.push_back(one.entry->id);
  const auto cause = std::ranges::find_if(authorization.entries, [](const EntryDecision& one) {
    return one.decision.obligations.revoke || one.decision.obligations.quarantine;
  });
  const auto done =
      parts_.sanctions.RevokeOthers({.process = peer_.process->key(),
                                     .standing = ask.facts.standing,
                                     .entry_id = {},
                                     .reason = cause->decision.reason,
                                     .decision = ask.recorded.decision},
                                    judged, RevocationReason::kPrivilegeWithdrawn, ask.now);
  static_cast<void>(done);
}

bool Session::ExpiredBy(Moment now) const {
  return !held_.empty() &&
         std::ranges::all_of(held_, [&](const Held& one) { return one.expires_at <= now.boot; });
}

std::vector<std::string> Session::held_ids() const {
  std::vector<std::string> ids;
  ids.reserve(held_.size());
  for (const Held& one : held_) ids.push_back(one.svid->id.Text());
  return ids;
}

std::optional<BootTime> Session::held_until() const {
  if (held_.empty()) return std::nullopt;
  return std::ranges::max_element(held_, {}, &Held::expires_at)->expires_at;
}

}  // namespace surety
