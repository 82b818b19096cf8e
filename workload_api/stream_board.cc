#include "workload_api/stream_board.h"

#include "workload_api/grpc_status.h"

namespace surety {

void StreamBoard::Open(const std::shared_ptr<Call>& call, StreamKind kind) {
  Enlist(call, TooManyCalls(), [&](ProcessStreams& streams) { return streams.Join(call, kind); });
}

void StreamBoard::OpenForTokens(const std::shared_ptr<Call>& call, const TokenRequest& request) {
  Enlist(call, TooManyCalls(),
         [&](ProcessStreams& streams) { return streams.JoinForTokens(call, request); });
}

void StreamBoard::OpenForWits(const std::shared_ptr<Call>& call,
                              const std::optional<SpiffeId>& spiffe_id) {
  const grpc::Status full(grpc::StatusCode::RESOURCE_EXHAUSTED,
                          "this process has " + std::to_string(ProcessStreams::kMostWitStreams) +
                              " streams of WIT-SVIDs open, and may have no more");
  Enlist(call, full, [&](ProcessStreams& streams) { return streams.JoinForWits(call, spiffe_id); });
}

void StreamBoard::OpenForForeignToken(const std::shared_ptr<Call>& call,
                                      const ForeignTokenAnswer& answer) {
  Enlist(call, TooManyCalls(),
         [&](ProcessStreams& streams) { return streams.JoinForForeignToken(call, answer); });
}

void StreamBoard::OpenForSecrets(const std::shared_ptr<Call>& call,
                                 SecretSubscription subscription) {
  const grpc::Status full(grpc::StatusCode::RESOURCE_EXHAUSTED,
                          "this process has " + std::to_string(ProcessStreams::kMostSecretStreams) +
                              " streams of secrets open, and may have no more");
  Enlist(call, full,
         [&](ProcessStreams& streams) { return streams.JoinForSecrets(call, subscription); });
}

void StreamBoard::HearSecrets(const std::shared_ptr<Call>& call, const SecretRequest& request) {
  const auto streams = Find(call->peer());
  if (streams && streams->HearSecrets(*call, request)) scheduler_.Hurry(*streams);
}

void StreamBoard::Enlist(const std::shared_ptr<Call>& call, const grpc::Status& full,
                         const std::function<Joined(ProcessStreams&)>& join) {
  auto streams = Find(call->peer());
  const Joined first = streams ? join(*streams) : Joined::kGone;
  if (first == Joined::kFull) return call->End(full);
  const bool known = first == Joined::kYes;
  if (!known) {
    streams = std::make_shared<ProcessStreams>(walk_, rules_, times_, call->peer());
    if (join(*streams) != Joined::kYes)
      return call->End({grpc::StatusCode::UNAVAILABLE, "the caller has gone"});
    Enter(streams);
  }
  call->WhenOver([streams, gone = call.get()] { streams->Leave(*gone); });
  if (known)
    scheduler_.Hurry(*streams);
  else
    scheduler_.Add(streams);
}

std::shared_ptr<ProcessStreams> StreamBoard::Find(const Peer& peer) const {
  const std::lock_guard lock(mutex_);
  const auto at = processes_.find(peer.process->key());
  return at == processes_.end() ? nullptr : at->second.lock();
}

void StreamBoard::Enter(const std::shared_ptr<ProcessStreams>& streams) {
  constexpr std::size_t kSmallest = 64;
  const std::lock_guard lock(mutex_);
  processes_[streams->process()] = streams;
  // Cleared whenever it has doubled: on average one look for each entry.
  if (processes_.size() < sweep_at_) return;
  std::erase_if(processes_, [](const auto& item) { return item.second.expired(); });
  sweep_at_ = 2 * processes_.size() + kSmallest;
}

std::vector<SessionStatus> StreamBoard::Describe(std::size_t most) const {
  std::vector<std::shared_ptr<ProcessStreams>> all;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [key, streams] : processes_)
      if (auto alive = streams.lock()) all.push_back(std::move(alive));
  }
  std::vector<SessionStatus> sessions;
  for (const auto& streams : all) {
    for (SessionStatus& one : streams->Describe()) {
      if (sessions.size() == most) return sessions;
      sessions.push_back(std::move(one));
    }
  }
  return sessions;
}

}  // namespace surety
