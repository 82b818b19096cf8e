#pragma once

#include <sys/types.h>

#include <chrono>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>

#include "agent/identity/key_uri.h"
#include "surety/result.h"
#include "surety/secret_bytes.h"
#include "surety/unique_fd.h"

namespace surety {

/// A process that has opened one key and signs with it. A module of a token's maker runs
/// there and not in the daemon: it can crash, hang and be ended, and it has none of the
/// daemon's capabilities.
class KeyHolder {
 public:
  using SteadyTime = std::chrono::steady_clock::time_point;

  /// Starts the process; this thread has no ambient capabilities afterwards, and the process
  /// ends with it. kUnavailable if the machine lets none start.
  static Result<std::unique_ptr<KeyHolder>> Start();
  ~KeyHolder();
  KeyHolder(const KeyHolder&) = delete;
  KeyHolder& operator=(const KeyHolder&) = delete;

  /// Opens the key. kPermissionDenied if the PIN was refused; kDeadline; else kUnavailable.
  Result<void> Open(const KeyUri& uri, const SecretBytes& pin, SteadyTime deadline,
                    const std::stop_token& stop);

  /// The signature of a digest; errors as of Open(). One call at a time.
  Result<std::string> Sign(std::string_view digest, SteadyTime deadline);

  /// Ends it now, whatever it is doing. Never waits. Any thread.
  void Kill() const;

 private:
  KeyHolder(pid_t pid, UniqueFd socket) : pid_(pid), socket_(std::move(socket)) {}
  Result<std::string> Ask(std::string_view message, SteadyTime deadline,
                          const std::stop_token& stop);

  const pid_t pid_;  // Not reaped before the end, so that no other process has its number.
  UniqueFd socket_;
};

}  // namespace surety
