#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "agent/config.h"
#include "agent/federation/endpoint_follower.h"
#include "agent/federation/foreign_bundles.h"
#include "surety/audit.h"
#include "surety/bundle.h"

namespace spdlog {
class logger;
}

namespace surety {

/// The bundle endpoints of other trust domains that a configuration says to follow.
class DaemonFollowing {
 public:
  /// Something for the audit log: its name, and its details. From any thread.
  using Note = std::function<void(std::string_view what, NoticeSeverity severity,
                                  std::vector<std::pair<std::string, std::string>> details)>;
  /// All of these outlive this.
  struct Parts {
    ForeignBundles& held;
    const BundleSource& own;
    const Clock& clock;
  };

  DaemonFollowing(const Config& config, Parts parts, Note note,
                  std::shared_ptr<spdlog::logger> logger);

  /// Deletes the bundles of those that are no more to be followed, takes the first bundles
  /// from their files, and begins to follow.
  Result<void> Start();
  void Stop();
  /// What an operator should mend, in plain sentences. From any thread, but not during Stop.
  [[nodiscard]] std::vector<std::string> Degraded() const;

 private:
  Result<void> EndTheOthers();
  Result<void> TakeFirstBundle(const FederationConfig& endpoint);
  void Follow(const FederationConfig& endpoint);
  [[nodiscard]] EndpointFollower::Events EventsOf(const FederationConfig& endpoint);
  [[nodiscard]] std::vector<std::string> AuthoritiesOf(const TrustDomain& trust_domain) const;

  const std::string state_dir_;
  const TrustDomain own_;
  const std::vector<FederationConfig> endpoints_;
  const Parts parts_;
  const Note note_;
  const std::shared_ptr<spdlog::logger> logger_;
  std::vector<std::unique_ptr<EndpointFollower>> followers_;
};

}  // namespace surety
