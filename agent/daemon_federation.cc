// What the daemon has to do with other trust domains: the rest of Daemon.

#include "agent/daemon.h"

namespace surety {

Result<void> Daemon::OpenFederation() {
  auto held = ForeignBundles::Open(config_.state_dir, config_.trust_domain,
                                   [this] { scheduler_->WakeAll(); });
  if (!held) return held.error().Within("opening the bundles of other trust domains");
  foreign_bundles_ = *std::move(held);
  return {};
}

Result<void> Daemon::FollowOthers() {
  following_ = std::make_unique<DaemonFollowing>(
      config_, DaemonFollowing::Parts{.held = *foreign_bundles_, .own = *crls_, .clock = clock_},
      [this](std::string_view what, NoticeSeverity severity,
             std::vector<std::pair<std::string, std::string>> details) {
        Note(what, severity, std::move(details));
      },
      logger_);
  return following_->Start();
}

}  // namespace surety
