#include "workload_api/api_server.h"

#include <grpcpp/ext/proto_server_reflection_plugin.h>
#include <grpcpp/health_check_service_interface.h>
#include <spdlog/spdlog.h>

#include <algorithm>

#include "workload_api/admin_service.h"
#include "workload_api/grpc_endpoint.h"
#include "workload_api/workload_service.h"

namespace surety {
namespace {

// Sessions in one status answer: enough to read, and far below gRPC's 4 MiB.
constexpr std::size_t kMaxSessions = 5'000;

class GrpcApiServer final : public ApiServer {
 public:
  GrpcApiServer(const ApiParts& parts, const ApiOptions& options)
      : parts_(parts),
        options_(options),
        workload_({.socket = options.workload_socket,
                   .limits = options.limits,
                   .times = options.times,
                   .admits = [](const Peer&) { return true; },
                   .opener = parts.opener,
                   .clock = parts.clock,
                   .logger = parts.logger}),
        admin_({.socket = options.admin_socket,
                .limits = {.connections = 64,
                           .connections_per_uid = 32,
                           .calls_per_uid = 32,
                           .calls_per_second = 50,
                           .calls_burst = 100},
                .times = options.times,
                .admits =
                    [uids = options.admin_uids](const Peer& peer) {
                      return std::find(uids.begin(), uids.end(), peer.uid) != uids.end();
                    },
                .opener = parts.opener,
                .clock = parts.clock,
                .logger = parts.logger}),
        workload_service_(parts.walk, parts.walk_times,
                          {.scheduler = parts.scheduler,
                           .registry = streams_,
                           .connections = workload_.connections(),
                           .clock = parts.clock}),
        admin_service_([this] { return Status(); }, admin_.connections()) {}

  GrpcApiServer(const GrpcApiServer&) = delete;
  GrpcApiServer& operator=(const GrpcApiServer&) = delete;
  ~GrpcApiServer() override {
    workload_.Close();
    admin_.Close();
  }

  Result<void> Start() {
    if (auto started = workload_.Start(workload_service_); !started)
      return started.error().Within("starting the Workload API");
    if (auto started = admin_.Start(admin_service_); !started)
      return started.error().Within("starting the admin API");
    SetServing(true);
    return {};
  }

  void CutStalled() override {
    streams_.CutStalled(parts_.clock.Now().boot, options_.stalled_write);
  }

  std::vector<std::string> Degraded() const override {
    if (!workload_.peers_by_pid()) return {};
    return {
        "this kernel has no SO_PEERPIDFD (Linux 6.5): callers are told by pid and start time, "
        "which a process that exits and is replaced within one clock tick can defeat"};
  }

  void SetServing(bool serving) override {
    auto* health = workload_.server().GetHealthCheckService();
    if (health == nullptr) return;
    health->SetServingStatus(serving);
    health->SetServingStatus(SpiffeWorkloadAPI::service_full_name(), serving);
  }

  void Stop(std::chrono::milliseconds grace) override {
    workload_.StopAccepting();
    admin_.StopAccepting();
    streams_.EndAll(grpc::Status(grpc::StatusCode::UNAVAILABLE, "suretyd is stopping"));
    workload_.Shutdown(grace);
    admin_.Shutdown(std::chrono::milliseconds(100));
  }

 private:
  DaemonStatus Status() const {
    DaemonStatus status = parts_.status.Status();
    const auto counts = connections_->counts();
    status.load.connections = counts.connections;
    status.load.connections_limit = options_.limits.connections;
    status.load.streams = counts.calls;
    status.load.accepted_total = counts.accepted_total;
    status.load.refused_connections_total = counts.refused_connections_total;
    status.load.refused_calls_total = counts.refused_calls_total;
    status.sessions = streams_.Describe(kMaxSessions);
    for (std::string& sentence : Degraded()) status.degraded.push_back(std::move(sentence));
    return status;
  }

  const ApiParts parts_;
  const ApiOptions options_;
  StreamRegistry streams_;
  GrpcEndpoint workload_;
  GrpcEndpoint admin_;
  const ConnectionTable* const connections_ = &workload_.connections();
  WorkloadService workload_service_;
  AdminService admin_service_;
};

}  // namespace

Result<std::unique_ptr<ApiServer>> ApiServer::Start(const ApiParts& parts,
                                                    const ApiOptions& options) {
  grpc::EnableDefaultHealthCheckService(true);
  grpc::reflection::InitProtoReflectionServerBuilderPlugin();
  auto server = std::make_unique<GrpcApiServer>(parts, options);
  if (auto started = server->Start(); !started) return started.error();
  return std::unique_ptr<ApiServer>(std::move(server));
}

}  // namespace surety
