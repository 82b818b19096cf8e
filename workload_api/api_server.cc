#include "workload_api/api_server.h"

#include <spdlog/spdlog.h>

#include <memory>
#include <utility>

#include "workload_api/admin_gate.h"
#include "workload_api/admin_methods.h"
#include "workload_api/bundle_methods.h"
#include "workload_api/call_server.h"
#include "workload_api/door.h"
#include "workload_api/health.h"
#include "workload_api/offence_report.h"
#include "workload_api/reflection.h"
#include "workload_api/secret_methods.h"
#include "workload_api/workload_methods.h"

namespace surety {
namespace {

// Sessions in one status answer: enough to read, and far below gRPC's 4 MiB.
constexpr std::size_t kMaxSessions = 5'000;

// The service has no package: SPIFFE_Workload_API.md, appendix A.
constexpr const char* kWorkloadService = "SpiffeWorkloadAPI";
constexpr const char* kAdminService = "surety.admin.v1.Admin";

// A copy lives with each connection, and so with gRPC's last read of it.
auto TellTo(std::shared_ptr<OffenceReport> report) {
  return [report = std::move(report)](const Peer& peer, Offence offence, pid_t sender) {
    report->Tell(peer, offence, sender);
  };
}

Door::Parts WorkloadDoor(const ApiParts& parts, const ApiOptions& options,
                         std::shared_ptr<OffenceReport> report) {
  return {.socket = options.workload_socket,
          .limits = options.limits,
          .times = options.times,
          .admits = [](const Peer&) { return true; },
          .offended = TellTo(std::move(report)),
          .opener = parts.opener,
          .clock = parts.clock,
          .logger = parts.logger};
}

Door::Parts AdminDoor(const ApiParts& parts, const ApiOptions& options, AdminGate& gate,
                      std::shared_ptr<OffenceReport> report) {
  return {.socket = options.admin_socket,
          .limits = {.connections = 64,
                     .connections_per_uid = 32,
                     .calls_per_uid = 32,
                     .calls_per_second = 50,
                     .calls_burst = 100},
          .times = options.times,
          .admits = [&gate](const Peer& peer) { return gate.Admits(peer); },
          .offended = TellTo(std::move(report)),
          .opener = parts.opener,
          .clock = parts.clock,
          .logger = parts.logger};
}

class GrpcApiServer final : public ApiServer {
 public:
  GrpcApiServer(const ApiParts& parts, const ApiOptions& options)
      : parts_(parts),
        options_(options),
        board_(parts.walk, parts.rules, options.streams, parts.scheduler),
        offences_(std::make_shared<OffenceReport>(parts.walk.audit, parts.clock, parts.logger)),
        workload_(WorkloadDoor(parts, options, offences_)),
        admin_gate_(options.admin_uids, parts.walk.audit, parts.clock),
        admin_(AdminDoor(parts, options, admin_gate_, offences_)),
        secrets_(parts.logger, parts.clock),
        health_({kWorkloadService}),
        workload_methods_(
            WorkloadMethods(board_, parts.validator, parts.clock,
                            parts.walk.wits == nullptr ? WitProfile::kOff : WitProfile::kOn)),
        admin_methods_(AdminMethods([this] { return Status(); }, parts.actions, admin_gate_)) {
    AddBundleMethods(admin_methods_, parts.bundles, admin_gate_);
    AddSecretMethods(workload_methods_, board_, options.secret_names, secrets_);
    health_.AddTo(workload_methods_);
    AddReflection(workload_methods_,
                  {kWorkloadService, SecretServiceName(), "grpc.health.v1.Health"});
    AddReflection(admin_methods_, {kAdminService});
  }

  GrpcApiServer(const GrpcApiServer&) = delete;
  GrpcApiServer& operator=(const GrpcApiServer&) = delete;
  ~GrpcApiServer() override {
    workload_.Close();
    admin_.Close();
  }

  Result<void> Start() {
    if (auto ready = ReceiveGuard::Ready(); !ready) return ready.error();
    auto server = CallServer::Start(
        {{workload_.connections(), workload_methods_}, {admin_.connections(), admin_methods_}},
        {.stalled_write = options_.stalled_write, .silent = options_.times.silent}, parts_.clock);
    if (!server) return server.error();
    server_ = *std::move(server);
    const auto hand_over = [this](UniqueFd connection) {
      server_->HandOver(std::move(connection));
    };
    if (auto opened = workload_.Open(hand_over); !opened)
      return opened.error().Within("starting the Workload API");
    if (auto opened = admin_.Open(hand_over); !opened)
      return opened.error().Within("starting the admin API");
    SetServing(true);
    return {};
  }

  void CutStalled() override {
    server_->CutStalled();
    admin_gate_.Tick();
    offences_->Tick();
  }

  std::vector<std::string> Degraded() const override {
    if (!workload_.peers_by_pid()) return {};
    return {
        "this kernel has no SO_PEERPIDFD (Linux 6.5): callers are told by pid and start time, "
        "which a process that exits and is replaced within one clock tick can defeat"};
  }

  LoadStatus Load() const override {
    const auto counts = workload_.connections().counts();
    return {.connections = counts.connections,
            .connections_limit = options_.limits.connections,
            .streams = counts.calls,
            .ready_turns = 0,
            .accepted_total = counts.accepted_total,
            .refused_connections_total = counts.refused_connections_total,
            .refused_calls_total = counts.refused_calls_total};
  }

  void SetServing(bool serving) override { health_.SetServing(serving); }

  void Stop(std::chrono::milliseconds grace) override {
    workload_.StopAccepting();
    admin_.StopAccepting();
    server_->Stop(grpc::Status(grpc::StatusCode::UNAVAILABLE, "suretyd is stopping"), grace);
  }

 private:
  DaemonStatus Status() const {
    DaemonStatus status = parts_.status.Status();
    const std::uint32_t ready_turns = status.load.ready_turns;
    status.load = Load();
    status.load.ready_turns = ready_turns;
    status.sessions = board_.Describe(kMaxSessions);
    for (std::string& sentence : Degraded()) status.degraded.push_back(std::move(sentence));
    return status;
  }

  const ApiParts parts_;
  const ApiOptions options_;
  StreamBoard board_;
  const std::shared_ptr<OffenceReport> offences_;
  Door workload_;
  AdminGate admin_gate_;
  Door admin_;
  SecretReport secrets_;
  Health health_;
  MethodTable workload_methods_;
  MethodTable admin_methods_;
  std::unique_ptr<CallServer> server_;  // Ends before whatever it serves.
};

}  // namespace

Result<std::unique_ptr<ApiServer>> ApiServer::Start(const ApiParts& parts,
                                                    const ApiOptions& options) {
  auto server = std::make_unique<GrpcApiServer>(parts, options);
  if (auto started = server->Start(); !started) return started.error();
  return std::unique_ptr<ApiServer>(std::move(server));
}

}  // namespace surety
