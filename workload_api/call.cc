#include "workload_api/call.h"

#include <algorithm>
#include <utility>

namespace surety {

Call::Call(Server& server, const Clock& clock) : server_(server), clock_(clock) {}

void Call::Begin(grpc::AsyncGenericService& service, grpc::ServerCompletionQueue& queue) {
  const std::lock_guard lock(mutex_);
  self_ = shared_from_this();
  operations_ = 1;
  context_.AsyncNotifyWhenDone(&done_);
  service.RequestCall(&context_, &stream_, &queue, &queue, &arrived_);
}

void Call::Receive() {
  const std::lock_guard lock(mutex_);
  if (end_ || gone_) return;
  wants_message_ = true;
  if (!write_in_flight_) StartRead();
}

bool Call::Send(grpc::ByteBuffer message) {
  const std::lock_guard lock(mutex_);
  if (end_ || gone_) return false;
  waiting_ = std::move(message);
  if (!write_in_flight_) StartNext();
  return true;
}

void Call::Reply(const grpc::ByteBuffer& message) {
  const std::lock_guard lock(mutex_);
  if (end_ || gone_ || write_in_flight_) return;
  end_ = grpc::Status::OK;
  finishing_ = true;
  ++operations_;
  stream_.WriteAndFinish(message, grpc::WriteOptions(), grpc::Status::OK, &finished_);
}

void Call::End(const grpc::Status& status, std::string_view decision) {
  const std::lock_guard lock(mutex_);
  if (end_ || gone_) return;
  end_ = status;
  waiting_.reset();
  if (!decision.empty()) context_.AddTrailingMetadata("surety-decision", std::string(decision));
  if (!write_in_flight_) FinishNow();
}

void Call::WhenOver(std::function<void()> act) { when_over_ = std::move(act); }

BootClock::duration Call::stalled(BootTime now) const {
  const std::lock_guard lock(mutex_);
  return write_in_flight_ ? now - write_started_ : BootClock::duration::zero();
}

BootClock::duration Call::silent(BootTime now) const {
  const std::lock_guard lock(mutex_);
  return received_ > 0 || end_ ? BootClock::duration::zero() : now - opened_.boot;
}

bool Call::at_first_message() const {
  const std::lock_guard lock(mutex_);
  return received_ < 2;
}

void Call::OnArrived(bool ok) {
  {
    std::unique_lock lock(mutex_);
    --operations_;
    if (!ok) {
      gone_ = true;  // Never arrived: of such a call gRPC says no more.
      return Release(lock);
    }
    opened_ = clock_.Now();
  }
  server_.Arrived(shared_from_this());
}

void Call::OnRead(bool ok) {
  grpc::ByteBuffer message;
  {
    std::unique_lock lock(mutex_);
    --operations_;
    if (gone_ || end_) return Release(lock);
    received_ = std::min(received_ + 1, 2);
    if (ok) message.Swap(&incoming_);
  }
  const auto self = shared_from_this();
  if (ok)
    server_.Received(self, message);
  else
    server_.ReceivedNone(self);
}

void Call::OnWritten(bool ok) {
  std::unique_lock lock(mutex_);
  --operations_;
  write_in_flight_ = false;
  if (gone_) return Release(lock);
  if (!ok && !end_) end_ = grpc::Status(grpc::StatusCode::UNAVAILABLE, "the connection is gone");
  if (end_)
    FinishNow();
  else if (waiting_)
    StartNext();
  else if (wants_message_)
    StartRead();
}

void Call::OnFinished(bool /*ok*/) {
  std::unique_lock lock(mutex_);
  --operations_;
  Release(lock);
}

void Call::OnDone(bool /*ok*/) {
  std::unique_lock lock(mutex_);
  gone_ = true;
  waiting_.reset();
  Release(lock);
}

void Call::StartRead() {
  wants_message_ = false;
  ++operations_;
  stream_.Read(&incoming_, &read_);
}

void Call::StartNext() {
  const grpc::ByteBuffer message = *std::exchange(waiting_, std::nullopt);
  write_in_flight_ = true;
  write_started_ = clock_.Now().boot;
  ++operations_;
  stream_.Write(message, &written_);
}

void Call::FinishNow() {
  if (std::exchange(finishing_, true)) return;
  ++operations_;
  stream_.Finish(*end_, &finished_);
}

// gRPC says that a call is done on its own, before or after it hands back the
// last operation.
void Call::Release(std::unique_lock<std::mutex>& lock) {
  if (!gone_ || operations_ > 0 || !self_) return;
  const auto last = std::move(self_);
  lock.unlock();
  if (when_over_) when_over_();
  server_.Over(*this);
}

}  // namespace surety
