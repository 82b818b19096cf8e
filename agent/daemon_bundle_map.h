#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "agent/config.h"
#include "agent/federation/foreign_bundles.h"
#include "surety/audit.h"

namespace spdlog {
class logger;
}

namespace surety {

/// The bundle map that a configuration names: what is in it is believed, and nothing else of
/// it. Of one thread, but for Degraded.
class DaemonBundleMap {
 public:
  /// Something for the audit log: its name, and its details.
  using Note = std::function<void(std::string_view what, NoticeSeverity severity,
                                  std::vector<std::pair<std::string, std::string>> details)>;

  /// `held` outlives this.
  DaemonBundleMap(const Config& config, ForeignBundles& held, Note note,
                  std::shared_ptr<spdlog::logger> logger);

  /// Takes the map for the first time.
  Result<void> Start();
  /// Takes it again if its file has changed; the one before stays if that cannot be.
  void Tend();
  /// Takes it again, whether it has changed or not.
  void Reload();
  /// What an operator should mend, in plain sentences. From any thread.
  [[nodiscard]] std::vector<std::string> Degraded() const;

 private:
  Result<void> Take();
  void Tell(const ForeignBundles::MapOutcome& outcome, std::size_t bundles, bool has_own);
  void Failed(std::string why);

  const std::string file_;
  const TrustDomain own_;
  std::vector<TrustDomain> followed_;
  ForeignBundles& held_;
  const Note note_;
  const std::shared_ptr<spdlog::logger> logger_;
  std::string stamp_;  // Of the file when it was read last.

  mutable std::mutex mutex_;
  std::string failure_;  // By mutex_. Empty: the newest one is taken.
};

}  // namespace surety
