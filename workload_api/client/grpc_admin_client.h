#pragma once

#include <chrono>
#include <string>
#include <utility>

#include "surety/admin_client.h"

namespace surety {

/// The admin protocol over gRPC on a Unix socket. Every call has a connection of
/// its own.
class GrpcAdminClient final : public AdminClient {
 public:
  /// `socket_path` is absolute. Nothing is connected yet.
  explicit GrpcAdminClient(std::string socket_path) : socket_path_(std::move(socket_path)) {}

  Result<DaemonStatus> GetStatus(std::chrono::milliseconds timeout) override;
  Result<std::vector<Quarantine>> ListQuarantines(std::chrono::milliseconds timeout) override;
  Result<Quarantine> AddQuarantine(const QuarantineOrder& order,
                                   std::chrono::milliseconds timeout) override;
  Result<Quarantine> ReleaseQuarantine(std::uint64_t id, const std::string& reason,
                                       std::chrono::milliseconds timeout) override;
  Result<std::uint32_t> RevokeSvids(const RevocationOrder& order,
                                    std::chrono::milliseconds timeout) override;
  Result<std::string> GetBundle(const std::optional<TrustDomain>& trust_domain,
                                std::chrono::milliseconds timeout) override;
  Result<std::vector<HeldBundle>> ListBundles(std::chrono::milliseconds timeout) override;
  Result<BundleSetOutcome> SetBundle(const TrustDomain& trust_domain, const std::string& document,
                                     std::chrono::milliseconds timeout) override;
  Result<void> DeleteBundle(const TrustDomain& trust_domain,
                            std::chrono::milliseconds timeout) override;

 private:
  const std::string socket_path_;
};

}  // namespace surety
