// Tokens: the rest of Session.

#include <algorithm>
#include <utility>

#include "agent/walk/authorize.h"
#include "agent/walk/turn_texts.h"
#include "surety/session.h"

namespace surety {
namespace {

Matched NamedBy(const TokenRequest& request, const Matched& matched) {
  Matched named;
  std::ranges::copy_if(matched, std::back_inserter(named), [&request](const auto& entry) {
    return !request.spiffe_id || entry->spiffe_id == *request.spiffe_id;
  });
  return named;
}

}  // namespace

Result<void> Session::StepTokens(const TurnFacts& facts, Moment now, std::span<const TokenAsk> asks,
                                 Turn& turn) {
  TokenLook look;
  bool retry = false;
  for (const TokenAsk& one : asks) {
    TokenAnswer& answer = turn.tokens.emplace_back();
    const Ask ask{facts, now, one.newcomer, recorded_tokens_, turn, answer.outcome};
    if (auto done = StepToken(ask, one.request, look, answer); !done) return done;
    retry = retry || answer.outcome.verdict == Verdict::kUndecided;
  }
  if (!look) token_challenge_.Reset();
  if (retry && !token_challenge_.pending())
    ComeBackBy(turn.next, token_retry_.After(now.boot));
  else
    token_retry_.Reset();
  return {};
}

Result<void> Session::StepToken(const Ask& ask, const TokenRequest& request, TokenLook& look,
                                TokenAnswer& answer) {
  const Matched named = NamedBy(request, ask.facts.matched);
  Question question{.action = Action::kToken, .audiences = request.audiences};
  auto authorization = Authorize(parts_, peer_, ask.facts, named, question);
  if (!authorization) return authorization.error();
  if (authorization->verdict == Verdict::kChallenge) {
    if (!look) look = token_challenge_.Saw(ask.facts.seen, ask.now.boot);
    if (*look == Challenge::State::kLookAgain) {
      ComeBackBy(ask.turn.next, token_challenge_.due());
    } else {
      question.challenge = ChallengeState::kPassed;
      authorization = Authorize(parts_, peer_, ask.facts, named, question);
      if (!authorization) return authorization.error();
    }
  }
  switch (authorization->verdict) {
    case Verdict::kAllow: return HandOutTokens(ask, request, *authorization, answer);
    case Verdict::kRefuse: return Refuse(ask, *authorization);
    case Verdict::kChallenge:
    case Verdict::kUndecided:
      TokensNotNow(ask, *authorization, std::string(authorization->reason));
      break;
  }
  return {};
}

void Session::TokensNotNow(const Ask& ask, Authorization& authorization, const std::string& why) {
  authorization.verdict = Verdict::kUndecided;
  authorization.reason = why;
  for (EntryDecision& one : authorization.entries) one.token.reset();
  // The record of "could not tell" itself may be what cannot be written; the calls wait
  // all the same.
  const auto recorded = Record(ask, authorization, false);
  static_cast<void>(recorded);
  ask.outcome = {Verdict::kUndecided, CouldNotTell(why, ask.facts.seen), ask.recorded.decision};
}

Result<void> Session::HandOutTokens(const Ask& ask, const TokenRequest& request,
                                    Authorization& authorization, TokenAnswer& answer) {
  auto tokens = MintTokens(request, authorization, ask.now);
  if (!tokens) {
    TokensNotNow(ask, authorization, tokens.error().Text());
    return {};
  }
  if (auto recorded = Record(ask, authorization, true); !recorded) {
    TokensNotNow(ask, authorization, recorded.error().Text());
    return {};
  }
  Punish(ask, authorization);
  if (!peer_.process->IsAlive())
    return Error(ErrorCode::kPeerGone, "the process exited before its token was sent");
  for (const JwtSvid& token : *tokens)
    parts_.history.Count(ask.facts.standing, peer_.process->key(), Happening::kSvid,
                         token.id.Text(), ask.now);
  answer.tokens = *std::move(tokens);
  ask.outcome.verdict = Verdict::kAllow;
  return {};
}

Result<std::vector<JwtSvid>> Session::MintTokens(const TokenRequest& request,
                                                 Authorization& authorization, Moment now) {
  std::vector<JwtSvid> tokens;
  for (EntryDecision& one : authorization.entries) {
    if (one.decision.verdict != Verdict::kAllow) continue;
    Entry capped = *one.entry;
    if (const auto cap = one.decision.obligations.ttl_cap)
      capped.jwt_ttl = std::min(capped.jwt_ttl, *cap);
    auto token = parts_.tokens.IssueToken(capped, request.audiences, now.wall);
    if (!token) return token.error();
    one.token = IssuedToken{.token_id = token->token_id,
                            .key_id = token->key_id,
                            .issued_at = token->issued_at,
                            .expires_at = token->expires_at};
    tokens.push_back(*std::move(token));
  }
  return tokens;
}

}  // namespace surety
