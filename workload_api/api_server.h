#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "surety/admin_actions.h"
#include "surety/bundle_actions.h"
#include "surety/daemon_status.h"
#include "surety/process.h"
#include "surety/scheduler.h"
#include "surety/session.h"
#include "workload_api/listener.h"
#include "workload_api/process_streams.h"
#include "workload_api/unix_socket.h"

namespace surety {

struct ApiOptions {
  SocketOptions workload_socket;
  SocketOptions admin_socket;
  std::vector<uid_t> admin_uids{0};  ///< Who may use the admin socket, besides its file mode.
  UidLimits limits;
  ListenerTimes times;
  StreamTimes streams;
  SecretNames secret_names = {};
  std::chrono::milliseconds stalled_write{30'000};  ///< A stream whose client stopped reading.
};

/// What the sockets serve. Not owned; outlives the server.
struct ApiParts {
  WalkParts walk;
  WalkRules rules;
  Scheduler& scheduler;
  ProcessOpener& opener;
  const Clock& clock;
  const StatusSource& status;
  const TokenValidator& validator;
  AdminActions& actions;
  BundleActions& bundles;
  std::shared_ptr<spdlog::logger> logger;
};

/// Both sockets with all that is behind them. gRPC is not seen from outside.
class ApiServer {
 public:
  /// Binds both sockets and serves. An Error leaves nothing behind.
  static Result<std::unique_ptr<ApiServer>> Start(const ApiParts& parts, const ApiOptions& options);
  virtual ~ApiServer() = default;

  /// Looks for streams whose client does not read. Called about once a second.
  virtual void CutStalled() = 0;

  /// Sentences for the operator: what this kernel cannot do. Empty when all is well.
  [[nodiscard]] virtual std::vector<std::string> Degraded() const = 0;

  /// What the Workload API's socket carries; without `ready_turns`.
  [[nodiscard]] virtual LoadStatus Load() const = 0;

  /// What gRPC's health service says, on the workload socket.
  virtual void SetServing(bool serving) = 0;

  /// Accepts no more, ends every stream with UNAVAILABLE, and waits for `grace`
  /// at the most until that has reached the clients. Called once, before the
  /// scheduler ends.
  virtual void Stop(std::chrono::milliseconds grace) = 0;
};

}  // namespace surety
