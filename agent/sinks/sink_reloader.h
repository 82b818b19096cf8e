#pragma once

#include <functional>
#include <stop_token>
#include <string>
#include <utility>

#include "agent/sinks/sink_settings.h"
#include "surety/process.h"
#include "surety/result.h"

namespace surety {

/// Asks systemd to reload a unit. May take a while.
using UnitReload =
    std::function<Result<void>(const std::string& unit, const std::stop_token& stop)>;

/// Tells a process that its files are others now, as its sink's settings say.
class SinkReloader {
 public:
  /// `environment` is what a command gets ("NAME=value").
  SinkReloader(SinkReload settings, std::vector<std::string> environment, UnitReload unit_reload)
      : settings_(std::move(settings)),
        environment_(std::move(environment)),
        unit_reload_(std::move(unit_reload)) {}

  /// Whether there is anything to do.
  [[nodiscard]] bool wanted() const;

  /// What was done, in words for a log. `process` may have exited: kPeerGone, if it is
  /// what gets a signal. Other errors: what failed, and what it needs. For threads that
  /// may wait.
  Result<std::string> Run(const ProcessHandle& process, const std::stop_token& stop) const;

 private:
  const SinkReload settings_;
  const std::vector<std::string> environment_;
  const UnitReload unit_reload_;
};

}  // namespace surety
