#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "surety/workload_client.h"

namespace surety {

/// The Workload API over gRPC on a Unix socket. Every call has a connection of
/// its own and the header that SPIFFE_Workload_Endpoint.md section 3 demands.
class GrpcWorkloadClient final : public WorkloadClient {
 public:
  /// `socket_path` is absolute. Nothing is connected yet.
  explicit GrpcWorkloadClient(std::string socket_path) : socket_path_(std::move(socket_path)) {}

  Result<WorkloadUpdate> FetchX509(std::chrono::milliseconds timeout) override;
  Result<std::vector<DeliveredToken>> FetchJwt(const TokenDemand& demand,
                                               std::chrono::milliseconds timeout) override;
  Result<std::vector<DeliveredWit>> FetchWit(const std::string& spiffe_id,
                                             std::chrono::milliseconds timeout) override;
  Result<BelievedToken> ValidateJwt(const std::string& audience, const std::string& token,
                                    std::chrono::milliseconds timeout) override;
  Error WatchX509(const std::function<void(WorkloadUpdate)>& take,
                  const std::stop_token& stop) override;

 private:
  const std::string socket_path_;
};

}  // namespace surety
