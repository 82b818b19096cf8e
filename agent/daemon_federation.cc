// What the daemon has to do with other trust domains: the rest of Daemon.

#include "agent/daemon.h"

namespace surety {

Result<void> Daemon::OpenFederation() {
  auto held = ForeignBundles::Open(config_.state_dir, config_.trust_domain,
                                   [this] { scheduler_->WakeAll(); });
  if (!held) return held.error().Within("opening the bundles of other trust domains");
  foreign_bundles_ = *std::move(held);
  federation_ = std::make_unique<FederatedBundles>(*foreign_bundles_);
  federated_tokens_ = std::make_unique<FederatedTokens>(*token_keys_, *foreign_bundles_);
  bundle_orders_ = std::make_unique<OperatorBundles>(
      *foreign_bundles_, [this] { return BundleDocument(); },
      [this](std::string_view what, OperatorBundles::Details details) {
        Note(what, NoticeSeverity::kHigh, std::move(details));
      });
  if (config_.bundle_map.empty()) return {};
  bundle_map_ = std::make_unique<DaemonBundleMap>(
      config_, *foreign_bundles_,
      [this](std::string_view what, NoticeSeverity severity, OperatorBundles::Details details) {
        Note(what, severity, std::move(details));
      },
      logger_);
  if (auto started = bundle_map_->Start(); !started)
    return started.error().Within("the bundle map");
  return {};
}

}  // namespace surety
