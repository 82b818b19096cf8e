#pragma once

#include <functional>
#include <memory>
#include <optional>

#include "workload_api/listener.h"
#include "workload_api/unix_socket.h"

namespace surety {

/// One Unix socket, who is connected to it, and the listener that lets them in.
class Door {
 public:
  struct Parts {
    SocketOptions socket;
    UidLimits limits;
    ListenerTimes times;
    std::function<bool(const Peer&)> admits;
    std::function<void(const Peer&, Offence, pid_t sender)> offended;  ///< As in Listener::Parts.
    ProcessOpener& opener;
    const Clock& clock;
    std::shared_ptr<spdlog::logger> logger;
  };

  explicit Door(Parts parts) : parts_(std::move(parts)), table_(parts_.clock, parts_.limits) {}

  [[nodiscard]] ConnectionTable& connections() { return table_; }
  [[nodiscard]] const ConnectionTable& connections() const { return table_; }

  /// Binds and accepts; `hand_over` gets every connection that is let in. An
  /// Error leaves nothing behind.
  Result<void> Open(std::function<void(UniqueFd)> hand_over);
  /// Accepts no more. Connections that are open go on being watched.
  void StopAccepting();
  /// Ends the listener and removes the socket that it made. Called before whoever takes the
  /// connections ends.
  void Close();

  [[nodiscard]] bool peers_by_pid() const { return listener_ && listener_->peers_by_pid(); }

 private:
  const Parts parts_;
  ConnectionTable table_;
  std::optional<UnixSocket> socket_;
  std::unique_ptr<Listener> listener_;
};

}  // namespace surety
