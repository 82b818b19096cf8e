#pragma once

#include <memory>
#include <string>
#include <vector>

#include "agent/config.h"
#include "agent/sinks/sink.h"
#include "surety/daemon_status.h"

namespace surety {

/// The sinks of a running daemon, with what they ask and tell systemd and engines.
class DaemonSinks {
 public:
  /// Begins at once. All that is borrowed outlives it.
  DaemonSinks(const Config& config, const WalkParts& walk, Scheduler& scheduler,
              ProcessOpener& opener, const std::shared_ptr<spdlog::logger>& logger);

  /// No more turns and no more files, which stay.
  void Stop();
  [[nodiscard]] std::vector<SinkStatus> Status() const;
  /// A sentence for each sink that cannot do its work.
  [[nodiscard]] std::vector<std::string> Degraded() const;

 private:
  std::vector<std::unique_ptr<Sink>> sinks_;
};

}  // namespace surety
