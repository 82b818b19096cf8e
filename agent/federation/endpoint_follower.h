#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "agent/federation/endpoint_request.h"
#include "agent/federation/foreign_bundles.h"
#include "surety/clock.h"

namespace surety {

/// A bundle endpoint to follow (SPIFFE_Federation.md section 5.1).
struct FollowedEndpoint {
  TrustDomain trust_domain;  ///< Whose bundle it serves.
  std::string url;
  std::optional<SpiffeId> server_id;  ///< https_spiffe; absent: https_web.
  std::string ca_file = {};           ///< As in EndpointRequest.
};

/// Asks one endpoint for its bundle, at once and then as often as the bundle says, on a thread
/// of its own, and puts what it answers in the place of the bundle that is held. What cannot
/// be had, or is refused, is tried again at the next time (section 6.2); while no bundle of the
/// trust domain is held at all, after 1 s, 2 s, 4 s … 5 min.
class EndpointFollower {
 public:
  /// Told on the follower's thread.
  struct Events {
    /// An answer was taken. `changed`: somebody else is believed now; `again`: the time before
    /// it could not be had.
    std::function<void(const ForeignBundle& bundle, bool changed, bool again)> took;
    /// Told once for each reason in a row.
    std::function<void(const Error& why)> failed;
    /// What is wrong with what was taken; once for each in a row.
    std::function<void(const std::string& sentence)> warned;
  };
  /// Those that sign SVIDs of a trust domain (DER), as they are known now; empty if unknown.
  using Authorities = std::function<std::vector<std::string>(const TrustDomain& trust_domain)>;

  /// Begins. `held` and `clock` outlive this.
  EndpointFollower(FollowedEndpoint endpoint, ForeignBundles& held, const Clock& clock,
                   Authorities authorities, Events events, EndpointLimits limits = {});
  /// Has it end, which it does within about a second.
  void End() { thread_.request_stop(); }
  /// Waits for that.
  ~EndpointFollower() = default;
  EndpointFollower(const EndpointFollower&) = delete;
  EndpointFollower& operator=(const EndpointFollower&) = delete;

  /// A sentence while the last answer could not be had or was refused; else empty.
  [[nodiscard]] std::string Degraded() const;

 private:
  void Follow(const std::stop_token& stop);
  Result<void> Poll(const std::stop_token& stop);
  [[nodiscard]] Result<EndpointRequest> Request() const;
  void Took(const ForeignBundles::SetOutcome& outcome);
  void Failed(const Error& why);
  [[nodiscard]] Seconds UntilNext(int failures) const;

  const FollowedEndpoint endpoint_;
  ForeignBundles& held_;
  const Clock& clock_;
  const Authorities authorities_;
  const Events events_;
  const EndpointLimits limits_;
  std::vector<std::string> warnings_;  // Of the last answer; of the thread.

  mutable std::mutex mutex_;
  std::string failure_;  // By mutex_.
  std::condition_variable_any pause_;
  std::jthread thread_;  // The last: it uses all of the above.
};

}  // namespace surety
