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

}  // namespace surety
