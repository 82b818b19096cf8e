#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "surety/admin_actions.h"
#include "surety/bundle_actions.h"
#include "surety/daemon_status.h"
#include "surety/result.h"

namespace surety {

/// The operator's side of the admin socket. Thread-safe.
/// Over gRPC: workload_api/client/grpc_admin_client.h. Tests: tests/fakes/fake_admin_client.h.
class AdminClient {
 public:
  virtual ~AdminClient() = default;

  /// kUnavailable: no daemon there, or this user may not connect; the message
  /// says which. kPermissionDenied: it answered, and refused this uid.
  virtual Result<DaemonStatus> GetStatus(std::chrono::milliseconds timeout) = 0;

  /// The rest as in admin_actions.h, with the errors of GetStatus besides.
  virtual Result<std::vector<Quarantine>> ListQuarantines(std::chrono::milliseconds timeout) = 0;
  virtual Result<Quarantine> AddQuarantine(const QuarantineOrder& order,
                                           std::chrono::milliseconds timeout) = 0;
  virtual Result<Quarantine> ReleaseQuarantine(std::uint64_t id, const std::string& reason,
                                               std::chrono::milliseconds timeout) = 0;
  virtual Result<std::uint32_t> RevokeSvids(const RevocationOrder& order,
                                            std::chrono::milliseconds timeout) = 0;

  /// Likewise, as in bundle_actions.h.
  virtual Result<std::string> GetBundle(const std::optional<TrustDomain>& trust_domain,
                                        std::chrono::milliseconds timeout) = 0;
  virtual Result<std::vector<HeldBundle>> ListBundles(std::chrono::milliseconds timeout) = 0;
  virtual Result<BundleSetOutcome> SetBundle(const TrustDomain& trust_domain,
                                             const std::string& document,
                                             std::chrono::milliseconds timeout) = 0;
  virtual Result<void> DeleteBundle(const TrustDomain& trust_domain,
                                    std::chrono::milliseconds timeout) = 0;
};

}  // namespace surety
