#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "surety/clock.h"
#include "surety/daemon_status.h"
#include "surety/watcher.h"

namespace surety {

/// A plug-in, and whether it answers.
struct PluginHealth {
  std::string name;  ///< As the configuration says.
  bool answers = false;
};

/// What signs, X.509-SVIDs or tokens: the one that is in use.
struct SignerTimes {
  std::optional<WallTime> not_after;
  std::optional<WallTime> next_change;  ///< When another takes its place.
};

/// How the daemon is doing at the time of a scrape. `status` has no sessions.
struct MetricsSnapshot {
  DaemonStatus status;
  WatcherStatus watcher;
  SignerTimes x509;
  SignerTimes jwt;
  SignerTimes wit;                          ///< Empty if that profile is off.
  std::uint64_t crl_number = 0;             ///< The highest of all authorities'.
  std::optional<WallTime> crl_this_update;  ///< The oldest.
  std::optional<WallTime> crl_next_update;  ///< The first.
  std::uint64_t audit_synced_sequence = 0;  ///< Known to be on the disk.
  std::uint64_t audit_unrecorded = 0;       ///< Since the log cannot be written.
  bool policies_taken = true;               ///< The newest ones of the folder.
  std::vector<PluginHealth> plugins;
};

}  // namespace surety
