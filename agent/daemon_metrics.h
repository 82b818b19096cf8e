#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "agent/config.h"
#include "agent/metrics/counted_record.h"
#include "agent/metrics/http_server.h"
#include "agent/metrics/snapshot.h"
#include "surety/attestor.h"
#include "workload_api/unix_socket.h"

namespace surety {

/// The metrics of a configuration that asks for them: what counts, and what serves.
class DaemonMetrics {
 public:
  /// Counts what goes to `record`, which outlives this.
  DaemonMetrics(MetricsConfig config, AuditLog& record,
                const std::vector<std::unique_ptr<Attestor>>& attestors);

  /// The record, with all that goes to it counted.
  [[nodiscard]] AuditLog& record() { return counted_; }
  [[nodiscard]] std::string address() const;

  /// Makes the socket. Whoever connects waits for Serve.
  Result<void> Listen();
  /// After Listen, until Stop. `snapshot` is called by the thread that serves.
  Result<void> Serve(std::function<MetricsSnapshot()> snapshot);
  void Stop();

 private:
  Result<UniqueFd> MakeSocket();

  const MetricsConfig config_;
  CountedRecord counted_;
  std::optional<UnixSocket> socket_;
  UniqueFd listening_;  // Until it is served.
  std::unique_ptr<HttpServer> server_;
};

}  // namespace surety
