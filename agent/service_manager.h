#pragma once

#include <string>

#include "surety/result.h"

namespace surety {

/// What systemd is told of the daemon, where systemd started it as a unit with
/// Type=notify (sd_notify(3), NOTIFY_SOCKET in the environment); else every call does
/// nothing. An Error is kUnavailable: systemd did not hear it, and will act as it does
/// on silence. One thread.
class ServiceManager {
 public:
  /// The sockets serve: the start, or a reload, is over. `status` is one line for
  /// systemctl status.
  Result<void> Ready(const std::string& status);
  /// A reload has begun. Ready ends it.
  Result<void> Reloading();
  /// The walk is alive (WatchdogSec=). Tells `status` where it has changed.
  Result<void> Alive(const std::string& status);
  /// The daemon ends in order.
  Result<void> Stopping();

 private:
  std::string status_;
};

}  // namespace surety
