#pragma once

#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/status.h>

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "surety/clock.h"
#include "workload_api/connection_table.h"

namespace surety {

/// What gRPC hands back when an operation has ended.
class CompletionTag {
 public:
  virtual ~CompletionTag() = default;
  virtual void Completed(bool ok) = 0;
};

/// One call of any method. Its messages go out one at a time; while one is being
/// written, a newer one replaces the one that waits, since every message of a
/// stream carries the full state (SPIFFE_Workload_API.md section 4.3). Owns itself
/// from Begin() until gRPC is done with it. Thread-safe.
class Call final : public std::enable_shared_from_this<Call> {
 public:
  /// Told of what happens to a call, on the thread that serves gRPC.
  class Server {
   public:
    virtual ~Server() = default;
    /// A client has called; its first message is not there yet.
    virtual void Arrived(const std::shared_ptr<Call>& call) = 0;
    /// A message of the client's.
    virtual void Received(const std::shared_ptr<Call>& call, const grpc::ByteBuffer& message) = 0;
    /// The client's side has ended without a message that was waited for.
    virtual void ReceivedNone(const std::shared_ptr<Call>& call) = 0;
    /// gRPC is done with the call: the last thing that happens to it. Also told of
    /// a call that never arrived, because the server is shutting down.
    virtual void Over(Call& call) = 0;
  };

  Call(Server& server, const Clock& clock);

  /// Waits for the next client that calls anything.
  void Begin(grpc::AsyncGenericService& service, grpc::ServerCompletionQueue& queue);
  /// Asks for the client's next message, once all that was sent has been taken:
  /// Received or ReceivedNone.
  void Receive();

  /// Hands a message to gRPC. False once the call is ending.
  bool Send(grpc::ByteBuffer message);
  /// Sends the last message and ends the call with OK.
  void Reply(const grpc::ByteBuffer& message);
  /// Ends the call, after the message that is being written.
  /// `decision` is told in the trailing metadata, unless it is empty.
  void End(const grpc::Status& status, std::string_view decision = {});

  /// Once the call has arrived these never change.
  [[nodiscard]] const std::string& method() const { return context_.method(); }
  [[nodiscard]] const grpc::ServerContextBase& context() const { return context_; }
  [[nodiscard]] std::string grpc_peer() const { return context_.peer(); }
  [[nodiscard]] Moment opened() const { return opened_; }
  /// While a message is being served: whether it is the client's first.
  [[nodiscard]] bool at_first_message() const;

  /// Who is calling, and the place in its uid's share, kept until the call is over.
  void Admit(CallTicket ticket) { ticket_.emplace(std::move(ticket)); }
  [[nodiscard]] bool admitted() const { return ticket_.has_value(); }
  [[nodiscard]] const Peer& peer() const { return ticket_->peer(); }

  /// Run when the call is over, on the thread that serves gRPC. Set at most once.
  void WhenOver(std::function<void()> act);

  /// How long gRPC has not taken a message, zero if none is waiting.
  [[nodiscard]] BootClock::duration stalled(BootTime now) const;
  /// How long the client has owed its first message.
  [[nodiscard]] BootClock::duration silent(BootTime now) const;

 private:
  class Tag final : public CompletionTag {
   public:
    Tag(Call& call, void (Call::*on)(bool)) : call_(call), on_(on) {}
    void Completed(bool ok) override { (call_.*on_)(ok); }

   private:
    Call& call_;
    void (Call::*const on_)(bool);
  };

  void OnArrived(bool ok);
  void OnRead(bool ok);
  void OnWritten(bool ok);
  void OnFinished(bool ok);
  void OnDone(bool ok);
  // These expect mutex_ to be held.
  void StartRead();
  void StartNext();
  void FinishNow();
  void Release(std::unique_lock<std::mutex>& lock);

  Server& server_;
  const Clock& clock_;
  Moment opened_{};
  std::optional<CallTicket> ticket_;
  std::function<void()> when_over_;

  grpc::GenericServerContext context_;
  grpc::GenericServerAsyncReaderWriter stream_{&context_};
  grpc::ByteBuffer incoming_;
  Tag arrived_{*this, &Call::OnArrived};
  Tag read_{*this, &Call::OnRead};
  Tag written_{*this, &Call::OnWritten};
  Tag finished_{*this, &Call::OnFinished};
  Tag done_{*this, &Call::OnDone};

  mutable std::mutex mutex_;
  // All below guarded by mutex_.
  std::shared_ptr<Call> self_;
  int operations_ = 0;  // That gRPC has not handed back.
  int received_ = 0;    // Messages, 2 standing for all more.
  bool wants_message_ = false;
  bool write_in_flight_ = false;
  BootTime write_started_{};
  std::optional<grpc::ByteBuffer> waiting_;
  std::optional<grpc::Status> end_;  // Set once the call is to end.
  bool finishing_ = false;           // Finish was called: gRPC takes nothing more.
  bool gone_ = false;                // gRPC has said that the call is done.
};

}  // namespace surety
