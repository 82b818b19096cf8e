#pragma once

#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>

#include <chrono>
#include <memory>

#include "workload_api/listener.h"
#include "workload_api/unix_socket.h"

namespace surety {

/// One gRPC server without a port of its own, fed by a Listener on one Unix
/// socket.
class GrpcEndpoint {
 public:
  struct Parts {
    SocketOptions socket;
    UidLimits limits;
    ListenerTimes times;
    std::function<bool(const Peer&)> admits;
    ProcessOpener& opener;
    const Clock& clock;
    std::shared_ptr<spdlog::logger> logger;
  };

  explicit GrpcEndpoint(Parts parts)
      : parts_(std::move(parts)), table_(parts_.clock, parts_.limits) {}
  ~GrpcEndpoint() { Close(); }

  /// The connections of this endpoint; services are made with it before Start.
  [[nodiscard]] ConnectionTable& connections() { return table_; }

  /// Serves `service`, which stays until Close. An Error leaves nothing behind.
  Result<void> Start(grpc::Service& service);

  void StopAccepting() { listener_->StopAccepting(); }
  /// Waits until the calls that are ending have ended, for `grace` at the most.
  void Shutdown(std::chrono::milliseconds grace);
  /// Ends everything now; the service may be destroyed afterwards.
  void Close();

  [[nodiscard]] grpc::Server& server() { return *server_; }
  [[nodiscard]] bool peers_by_pid() const { return listener_ && listener_->peers_by_pid(); }

 private:
  const Parts parts_;
  ConnectionTable table_;
  std::unique_ptr<grpc::Server> server_;
  std::optional<UnixSocket> socket_;
  std::unique_ptr<Listener> listener_;
};

}  // namespace surety
