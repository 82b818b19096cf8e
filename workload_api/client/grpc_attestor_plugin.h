#pragma once

#include <chrono>
#include <memory>
#include <mutex>
#include <string>

#include "surety/attestor_plugin.h"

namespace surety {

/// Asks by gRPC (surety.attestor.v1.Attestor) on a Unix socket that must be trustworthy
/// (trusted_socket.h). Describe connects; the connection is kept until it is of no use any
/// more. Attest uses the one that was described and no other.
class GrpcAttestorPlugin final : public AttestorPlugin {
 public:
  /// `socket_path` is absolute. Nothing is connected yet.
  explicit GrpcAttestorPlugin(std::string socket_path);
  ~GrpcAttestorPlugin() override;

  Result<PluginDescription> Describe(std::chrono::milliseconds timeout) override;
  Result<PluginAnswer> Attest(const PluginQuestion& question,
                              std::chrono::milliseconds timeout) override;

 private:
  struct Connection;
  using Deadline = std::chrono::steady_clock::time_point;  // Of a clock that nobody sets.
  /// `call` is made with a connection and a context, and gives a grpc::Status.
  template <typename Call>
  Result<void> Make(Call&& call, const std::shared_ptr<Connection>& connection, Deadline deadline);
  [[nodiscard]] Error NotConnected() const;
  [[nodiscard]] std::shared_ptr<Connection> Kept() const;
  Result<std::shared_ptr<Connection>> Connect(std::chrono::milliseconds timeout);
  void GiveUp(const std::shared_ptr<Connection>& connection);

  const std::string socket_path_;
  mutable std::mutex mutex_;  // Held for copies only.
  std::shared_ptr<Connection> kept_;
};

}  // namespace surety
