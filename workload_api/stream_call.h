#pragma once

#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/server_callback.h>

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "surety/clock.h"
#include "surety/daemon_status.h"
#include "surety/scheduler.h"
#include "workload_api/connection_table.h"

namespace surety {

class StreamRegistry;

/// What every stream needs besides its own walk. Not owned; outlives the calls.
struct StreamParts {
  Scheduler& scheduler;
  StreamRegistry& registry;
  ConnectionTable& connections;
  const Clock& clock;
};

/// One server-streaming call: turns come from the scheduler, messages go to
/// gRPC. Holds at most one message that gRPC has not taken yet; a newer one
/// replaces it, since every message carries the full state (section 4.3 of the
/// Workload API). Owns itself from Begin() until gRPC is done with it.
/// Thread-safe.
class StreamCall : public grpc::ServerWriteReactor<grpc::ByteBuffer>,
                   public ScheduledTurn,
                   public std::enable_shared_from_this<StreamCall> {
 public:
  StreamCall(const StreamParts& parts, CallTicket ticket, std::string method);

  /// Registers and schedules the call. Called once, through a shared_ptr.
  void Begin();
  /// Ends the call with this status, after the message that is being written.
  void EndWith(const grpc::Status& status);
  /// Cuts the connection if gRPC has not taken a message for `limit`.
  void CutIfStalled(BootTime now, BootClock::duration limit);
  [[nodiscard]] SessionStatus Describe() const;

  std::optional<BootTime> Take(Moment now) final;
  [[nodiscard]] ProcessKey process() const final { return ticket_.peer().process->key(); }
  [[nodiscard]] uid_t share() const final { return ticket_.peer().uid; }

  void OnWriteDone(bool ok) final;
  void OnCancel() final;
  void OnDone() final;

 protected:
  /// The walk's turn; it calls Send when there is something to push.
  virtual Result<BootTime> Step(Moment now) = 0;
  /// Takes the message. kUnavailable once the call is ending.
  Result<void> Send(grpc::ByteBuffer message, std::vector<std::string> spiffe_ids);
  [[nodiscard]] const Peer& peer() const { return ticket_.peer(); }

 private:
  // These expect mutex_ to be held. gRPC runs no reaction of ours inside a
  // call of its own that a thread of ours has made.
  void StartNext();
  void FinishNow();

  const StreamParts parts_;
  const CallTicket ticket_;
  const std::string method_;
  const Moment opened_;

  mutable std::mutex mutex_;
  // All below guarded by mutex_.
  std::shared_ptr<StreamCall> self_;
  grpc::ByteBuffer writing_;
  bool write_in_flight_ = false;
  BootTime write_started_{};
  std::optional<grpc::ByteBuffer> waiting_;
  std::optional<grpc::Status> end_;  // Set once the call is to end.
  bool finished_ = false;            // Finish was called: gRPC takes nothing more.
  std::vector<std::string> spiffe_ids_;
  std::optional<WallTime> last_push_;
  std::optional<WallTime> next_turn_;
};

/// All streams that are open. Thread-safe.
class StreamRegistry {
 public:
  void Insert(const std::shared_ptr<StreamCall>& call);
  void Erase(const StreamCall* call);

  /// Ends every stream, and every one that comes later.
  void EndAll(const grpc::Status& status);
  void CutStalled(BootTime now, BootClock::duration limit) const;
  /// At most `most` of them.
  [[nodiscard]] std::vector<SessionStatus> Describe(std::size_t most) const;

 private:
  [[nodiscard]] std::vector<std::shared_ptr<StreamCall>> All() const;

  mutable std::mutex mutex_;
  std::unordered_map<const StreamCall*, std::weak_ptr<StreamCall>> calls_;  // Guarded by mutex_.
  std::optional<grpc::Status> ended_;                                       // Guarded by mutex_.
};

}  // namespace surety
