#pragma once

#include <memory>
#include <mutex>
#include <string>

#include "surety/attestor_plugin.h"

namespace surety {

/// Asks by gRPC (surety.attestor.v1.Attestor) on a Unix socket that must be trustworthy
/// (trusted_socket.h). The connection is kept, and given up with the first call that
/// fails. One that was kept may be that of a plug-in that has ended since: then it is
/// asked once more on a new one, within the same timeout.
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
  /// `call` is made with a connection, a deadline and gives a grpc::Status.
  template <typename Call>
  Result<void> Make(Call&& call, std::chrono::milliseconds timeout);
  [[nodiscard]] std::shared_ptr<Connection> Kept() const;
  Result<std::shared_ptr<Connection>> Connect(std::chrono::milliseconds timeout);
  void GiveUp(const std::shared_ptr<Connection>& connection);

  const std::string socket_path_;
  mutable std::mutex mutex_;  // Held for copies only.
  std::shared_ptr<Connection> kept_;
};

}  // namespace surety
