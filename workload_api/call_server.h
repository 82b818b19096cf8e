#pragma once

#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>
#include <unordered_map>
#include <vector>

#include "surety/unique_fd.h"
#include "workload_api/call.h"
#include "workload_api/method_table.h"

namespace surety {

/// The one gRPC server of the daemon: takes connections as descriptors, serves
/// each by the methods of the socket that it came from. Listens to nothing.
///
/// One thread and one completion queue, since every further poller would make
/// gRPC hand each event from thread to thread. Turns that are taken on it are
/// short by the rules of the walk.
class CallServer final : private Call::Server {
 public:
  /// One socket: who is connected to it, and what may be called there. Not owned.
  struct Door {
    ConnectionTable& connections;
    const MethodTable& methods;
  };
  struct Limits {
    std::chrono::milliseconds stalled_write{30'000};  ///< A client that does not read.
    std::chrono::milliseconds silent{30'000};         ///< A call without its first message.
  };

  /// kInternal if gRPC would not start.
  static Result<std::unique_ptr<CallServer>> Start(std::vector<Door> doors, const Limits& limits,
                                                   const Clock& clock);
  ~CallServer() override;

  /// Takes an accepted socket that its door's table knows by now.
  void HandOver(UniqueFd connection);

  /// Ends calls whose client does not read or never sent a message. Called about
  /// once a second.
  void CutStalled();

  /// Ends every call, and every one that comes later, with this status; waits
  /// for `grace` at the most until that has reached the clients, and ends the
  /// thread. Called once.
  void Stop(const grpc::Status& status, std::chrono::milliseconds grace);

 private:
  CallServer(std::vector<Door> doors, const Limits& limits, const Clock& clock)
      : doors_(std::move(doors)), limits_(limits), clock_(clock) {}
  Result<void> Build();
  void Run();
  void AwaitCall();

  void Arrived(const std::shared_ptr<Call>& call) override;
  void Received(const std::shared_ptr<Call>& call, const grpc::ByteBuffer& message) override;
  void ReceivedNone(const std::shared_ptr<Call>& call) override;
  void Over(Call& call) override;

  const Door* DoorOf(const Call& call) const;
  std::optional<grpc::Status> Admit(Call& call) const;
  std::vector<std::shared_ptr<Call>> Calls() const;

  const std::vector<Door> doors_;
  const Limits limits_;
  const Clock& clock_;

  grpc::AsyncGenericService service_;
  std::unique_ptr<grpc::ServerCompletionQueue> queue_;
  std::unique_ptr<grpc::Server> server_;
  std::thread thread_;

  mutable std::mutex mutex_;
  // All below guarded by mutex_.
  std::unordered_map<const Call*, std::weak_ptr<Call>> calls_;  // That have arrived.
  std::optional<grpc::Status> stopped_;
  std::condition_variable all_over_;
};

}  // namespace surety
