// Calls for tokens: the rest of ProcessStreams.

#include <utility>

#include "workload_api/grpc_status.h"
#include "workload_api/messages.h"
#include "workload_api/process_streams.h"

namespace surety {

ProcessStreams::Joined ProcessStreams::JoinForTokens(std::shared_ptr<Call> call,
                                                     TokenRequest request) {
  const std::lock_guard lock(mutex_);
  if (closed_ || !peer_.process->IsAlive()) return Joined::kGone;
  if (token_calls_.size() >= kMostTokenCalls) return Joined::kFull;
  const Call* const name = call.get();
  token_calls_.emplace(
      name, TokenCall{.call = std::move(call),
                      .request = std::make_shared<const TokenRequest>(std::move(request))});
  lonely_since_.reset();
  return Joined::kYes;
}

void ProcessStreams::TakeTokenDemand() {
  token_asks_.clear();
  token_names_.clear();
  for (auto& [name, one] : token_calls_) {
    token_asks_.push_back({.request = one.request, .newcomer = !std::exchange(one.asked, true)});
    token_names_.push_back(name);
  }
}

// One that came during the turn is answered by the next.
void ProcessStreams::TellTokens(const Session::Turn& turn, Moment now) {
  for (std::size_t i = 0; i < token_names_.size(); ++i) {
    const auto at = token_calls_.find(token_names_[i]);
    if (at == token_calls_.end()) continue;
    TokenCall& one = at->second;
    if (turn.crowded) {
      // Those that an earlier turn let in wait for the next.
      if (!token_asks_[i].newcomer) continue;
      one.call->End(TooManyCalls());
      Erase(at);
      continue;
    }
    one.let_in = true;
    const Session::TokenAnswer& answer = turn.tokens[i];
    switch (answer.outcome.verdict) {
      case Verdict::kAllow: one.call->Reply(JwtSvidMessage(answer.tokens)); break;
      case Verdict::kRefuse:
        one.call->End({grpc::StatusCode::PERMISSION_DENIED, answer.outcome.reason},
                      answer.outcome.decision);
        break;
      case Verdict::kChallenge:
      case Verdict::kUndecided:
        if (now.boot - one.call->opened().boot < times_.first_answer) continue;
        one.call->End({grpc::StatusCode::UNAVAILABLE, answer.outcome.reason},
                      answer.outcome.decision);
        break;
    }
    Erase(at);
  }
}

void ProcessStreams::EndTokens(const grpc::Status& status) {
  for (const auto& [name, one] : token_calls_) one.call->End(status);
  token_calls_.clear();
}

void ProcessStreams::Erase(TokenCalls::iterator at) {
  // A call for tokens is short, however long it had to wait.
  const BootTime now = clock_.Now().boot;
  if (at->second.let_in) gate_.Closed(lineage_, now, now);
  token_calls_.erase(at);
}

}  // namespace surety
