#include "workload_api/stream_call.h"

#include <utility>

#include "workload_api/grpc_status.h"

namespace surety {

StreamCall::StreamCall(const StreamParts& parts, CallTicket ticket, std::string method)
    : parts_(parts),
      ticket_(std::move(ticket)),
      method_(std::move(method)),
      opened_(parts.clock.Now()) {}

void StreamCall::Begin() {
  auto self = shared_from_this();
  {
    const std::lock_guard lock(mutex_);
    self_ = self;
  }
  parts_.registry.Insert(self);
  parts_.scheduler.Add(std::move(self));
}

std::optional<BootTime> StreamCall::Take(Moment now) {
  {
    const std::lock_guard lock(mutex_);
    if (end_) return std::nullopt;
  }
  const auto next = Step(now);
  if (!next) {
    EndWith(StatusOf(next.error()));
    return std::nullopt;
  }
  const std::lock_guard lock(mutex_);
  next_turn_ = now.wall + (*next - now.boot);
  return *next;
}

Result<void> StreamCall::Send(grpc::ByteBuffer message, std::vector<std::string> spiffe_ids) {
  const std::lock_guard lock(mutex_);
  if (end_) return Error(ErrorCode::kUnavailable, "the call is ending");
  waiting_ = std::move(message);
  spiffe_ids_ = std::move(spiffe_ids);
  last_push_ = parts_.clock.Now().wall;
  if (!write_in_flight_) StartNext();
  return {};
}

void StreamCall::EndWith(const grpc::Status& status) {
  const std::lock_guard lock(mutex_);
  if (end_) return;
  end_ = status;
  waiting_.reset();
  if (!write_in_flight_) FinishNow();
}

void StreamCall::CutIfStalled(BootTime now, BootClock::duration limit) {
  const std::lock_guard lock(mutex_);
  if (write_in_flight_ && now - write_started_ > limit)
    parts_.connections.Cut(ticket_.peer().connection_id);
}

SessionStatus StreamCall::Describe() const {
  const std::lock_guard lock(mutex_);
  SessionStatus status;
  status.pid = ticket_.peer().process->key().pid;
  status.uid = ticket_.peer().uid;
  status.method = method_;
  status.spiffe_ids = spiffe_ids_;
  status.state = last_push_ ? "served" : "waiting";
  status.opened_at = opened_.wall;
  status.last_push = last_push_;
  status.next_turn = next_turn_;
  return status;
}

void StreamCall::OnWriteDone(bool ok) {
  const std::lock_guard lock(mutex_);
  write_in_flight_ = false;
  writing_.Clear();
  if (!ok && !end_) end_ = grpc::Status(grpc::StatusCode::UNAVAILABLE, "the connection is gone");
  if (end_)
    FinishNow();
  else if (waiting_)
    StartNext();
}

void StreamCall::OnCancel() {
  EndWith(grpc::Status(grpc::StatusCode::UNAVAILABLE, "the caller has gone"));
}

void StreamCall::OnDone() {
  parts_.scheduler.Drop(*this);
  parts_.registry.Erase(this);
  std::shared_ptr<StreamCall> last;
  const std::lock_guard lock(mutex_);
  last.swap(self_);
}

void StreamCall::StartNext() {
  writing_ = *std::exchange(waiting_, std::nullopt);
  write_in_flight_ = true;
  write_started_ = parts_.clock.Now().boot;
  StartWrite(&writing_);
}

void StreamCall::FinishNow() {
  if (std::exchange(finished_, true)) return;
  Finish(*end_);
}

void StreamRegistry::Insert(const std::shared_ptr<StreamCall>& call) {
  std::optional<grpc::Status> ended;
  {
    const std::lock_guard lock(mutex_);
    calls_.emplace(call.get(), call);
    ended = ended_;
  }
  if (ended) call->EndWith(*ended);
}

void StreamRegistry::Erase(const StreamCall* call) {
  const std::lock_guard lock(mutex_);
  calls_.erase(call);
}

void StreamRegistry::EndAll(const grpc::Status& status) {
  {
    const std::lock_guard lock(mutex_);
    ended_ = status;
  }
  for (const auto& call : All()) call->EndWith(status);
}

void StreamRegistry::CutStalled(BootTime now, BootClock::duration limit) const {
  for (const auto& call : All()) call->CutIfStalled(now, limit);
}

std::vector<SessionStatus> StreamRegistry::Describe(std::size_t most) const {
  std::vector<SessionStatus> sessions;
  for (const auto& call : All()) {
    if (sessions.size() == most) break;
    sessions.push_back(call->Describe());
  }
  return sessions;
}

std::vector<std::shared_ptr<StreamCall>> StreamRegistry::All() const {
  const std::lock_guard lock(mutex_);
  std::vector<std::shared_ptr<StreamCall>> all;
  all.reserve(calls_.size());
  for (const auto& [key, call] : calls_)
    if (auto alive = call.lock()) all.push_back(std::move(alive));
  return all;
}

}  // namespace surety
