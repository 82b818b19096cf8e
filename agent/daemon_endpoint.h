#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "agent/config.h"
#include "agent/https/https_server.h"
#include "surety/audit.h"
#include "surety/clock.h"
#include "surety/issuer.h"

namespace spdlog {
class logger;
}

namespace surety {

/// The bundle endpoint of a configuration that asks for one, and the certificate that it
/// shows: an X509-SVID of its own, issued anew at half of its life, or an operator's files,
/// read anew when they change.
class DaemonEndpoint {
 public:
  /// Something for the audit log: its name, and its details.
  using Note = std::function<void(std::string_view what, NoticeSeverity severity,
                                  std::vector<std::pair<std::string, std::string>> details)>;

  /// `issuer` outlives this.
  DaemonEndpoint(BundleEndpointConfig config, Seconds svid_ttl, Issuer& issuer, Note note,
                 std::shared_ptr<spdlog::logger> logger);

  /// Serves `site`, which a thread of its own asks until this is gone.
  Result<void> Start(HttpsSite site, Moment now);
  /// Ends all connections; the site is asked no more.
  void Stop() { server_.reset(); }
  /// Once a second. After Start and before Stop.
  void Tend(Moment now);
  /// The files are read, or the SVID is issued, at the next Tend whatever the time is. From
  /// any thread.
  void RenewSoon() { renew_at_ = BootTime{}; }
  /// What an operator should mend, in plain sentences. From any thread.
  [[nodiscard]] std::vector<std::string> Degraded(WallTime now) const;

 private:
  Result<TlsIdentity> Obtain(Moment now);
  Result<TlsIdentity> IssueOwn(Moment now);
  Result<TlsIdentity> ReadFiles();
  Result<void> Renew(Moment now);
  void Shows(WallTime not_after);
  void Failed(std::string why);
  [[nodiscard]] std::string Stamp() const;
  [[nodiscard]] bool own() const { return config_.profile == EndpointProfile::kHttpsSpiffe; }

  const BundleEndpointConfig config_;
  const Seconds svid_ttl_;
  Issuer& issuer_;
  const Note note_;
  const std::shared_ptr<spdlog::logger> logger_;
  std::unique_ptr<HttpsServer> server_;
  std::atomic<BootTime> renew_at_ = BootTime{};
  std::string stamp_;  // Of the files as they were when they were last read.

  mutable std::mutex mutex_;
  std::string failure_;  // By mutex_, as is what follows.
  WallTime not_after_;
};

}  // namespace surety
