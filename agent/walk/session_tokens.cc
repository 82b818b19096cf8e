// Tokens: the rest of Session.

#include <algorithm>
#include <utility>

#include "agent/walk/authorize.h"
#include "agent/walk/turn_texts.h"
#include "surety/session.h"

namespace surety {

Result<void> Session::StepTokens(const TurnFacts& facts, Moment now, std::span<const TokenAsk> asks,
                                 TokenTurn& tokens, Turn& turn) {
  for (const TokenAsk& one : asks) {
    TokenAnswer& answer = turn.tokens.emplace_back();
    const Ask ask{facts, now, one.newcomer, recorded_tokens_, turn, answer.outcome};
    if (auto done = StepToken(ask, *one.request, tokens, answer); !done) return done;
  }
  return {};
}

void Session::ConcludeTokens(const TokenTurn& tokens, Moment now, Turn& turn) {
  // A fresh look that waits for a fact goes on, or the challenge would never be passed.
  if (tokens.undecided) {
    ComeBackBy(turn.next, token_retry_.After(now.boot));
  } else if (!tokens.look) {
    token_retry_.Reset();
    token_challenge_.Reset();
  }
}

// A challenge is one for all that ask for tokens.
Result<Authorization> Session::AuthorizeToken(const Ask& ask, const Matched& named,
                                              std::span<const std::string> audiences,
                                              TokenTurn& tokens) {
  Question question{.action = Action::kToken, .audiences = audiences};
  auto authorization = Authorize(parts_, peer_, ask.facts, named, question);
  if (authorization && authorization->verdict == Verdict::kChallenge) {
    if (!tokens.look) tokens.look = token_challenge_.Saw(ask.facts.seen, ask.now.boot);
    if (*tokens.look == Challenge::State::kLookAgain) {
      ComeBackBy(ask.turn.next, token_challenge_.due());
    } else {
      question.challenge = ChallengeState::kPassed;
      authorization = Authorize(parts_, peer_, ask.facts, named, question);
    }
  }
  if (!authorization) return authorization;
  // Challenged once more after it was passed: there is no look to wait for.
  const bool challenged = authorization->verdict == Verdict::kChallenge;
  if (authorization->verdict == Verdict::kUndecided || (challenged && !token_challenge_.pending()))
    tokens.undecided = true;
  return authorization;
}

Result<void> Session::StepToken(const Ask& ask, const TokenRequest& request, TokenTurn& tokens,
                                TokenAnswer& answer) {
  const Matched named = NamedBy(request.spiffe_id, ask.facts.matched);
  auto authorization = AuthorizeToken(ask, named, request.audiences, tokens);
  if (!authorization) return authorization.error();
  switch (authorization->verdict) {
    case Verdict::kAllow: {
      auto done = HandOutTokens(ask, request, *authorization, answer);
      tokens.undecided = tokens.undecided || answer.outcome.verdict == Verdict::kUndecided;
      return done;
    }
    case Verdict::kRefuse: return Refuse(ask, *authorization);
    case Verdict::kUndecided:
    case Verdict::kChallenge: break;
  }
  TokensNotNow(ask, *authorization, std::string(authorization->reason));
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
