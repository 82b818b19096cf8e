#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include "surety/external_hook.h"

namespace surety {

/// Asks by gRPC (surety.hook.v1.Hook) on a Unix socket. The connection is kept, and
/// given up with the first question that fails. One that was kept may be that of a
/// hook that has ended since: then the question is asked once more on a new one,
/// within the same timeout.
class GrpcExternalHook final : public ExternalHook {
 public:
  /// `socket_path` is absolute. Nothing is connected yet.
  explicit GrpcExternalHook(std::string socket_path);
  ~GrpcExternalHook() override;

  Result<HookAnswer> Ask(const HookQuestion& question, std::chrono::milliseconds timeout) override;

 private:
  struct Connection;
  [[nodiscard]] std::shared_ptr<Connection> Kept() const;
  Result<std::shared_ptr<Connection>> Connect(std::chrono::milliseconds timeout);
  void GiveUp(const std::shared_ptr<Connection>& connection);

  const std::string socket_path_;
  mutable std::mutex mutex_;  // Held for copies only.
  std::shared_ptr<Connection> kept_;
};

}  // namespace surety
