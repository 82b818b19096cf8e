#pragma once

#include <optional>
#include <span>
#include <string>

#include "agent/issuance/manifest.h"
#include "surety/clock.h"
#include "surety/result.h"

namespace surety {

/// The times that an embedded authority lives by.
struct LifeCycleTimes {
  Seconds ca_ttl{7 * 24 * 3600};  ///< Of one authority's certificate, from its making.
  Seconds max_svid_ttl{900};      ///< The longest TTL of an entry.
  /// How long a new authority stands in the bundle before it signs; cut to a
  /// sixth of ca_ttl, which is what lies between preparing and activating.
  Seconds publish_lead{600};
  Seconds clock_skew{10};  ///< How far certificates are dated back.
};

/// kInvalidArgument unless ca_ttl holds three max_svid_ttl, so that the signer
/// in use always outlives a new SVID.
Result<void> CheckTimes(const LifeCycleTimes& times);

/// One authority as the life cycle sees it.
struct AuthorityStanding {
  std::string serial;
  Phase phase = Phase::kPrepared;
  WallTime not_before;
  WallTime not_after;
  std::optional<BootTime> published;      ///< Since when it is in the bundle, in this run.
  std::optional<BootTime> expired_since;  ///< Since when it was seen expired, without a break.
  [[nodiscard]] bool ValidAt(WallTime time) const { return not_before <= time && time < not_after; }
};

/// The next thing to do.
struct Step {
  enum class Kind {
    kNone,
    kPrepare,   ///< Make a new authority and publish it.
    kActivate,  ///< Let `serial` sign; whoever signs now retires.
    kForget,    ///< Delete `serial`, which has been expired for long.
  };
  Kind kind = Kind::kNone;
  std::string serial;
};

/// What is due now; ask again after it is done, until there is nothing. Pure.
///
/// Prepared at half of the signer's life, activated at two thirds and not before
/// `publish_lead` of uptime has passed since it was published. A signer that is
/// not valid now (first start, long stop, clock leapt) is replaced at once: by
/// the valid authority that ends last, whatever its phase, else by a new one.
/// Nothing is deleted because of the wall clock alone: an expired authority is
/// forgotten after it was seen expired for a day of uptime, or for ca_ttl if
/// that is shorter, in one run of the daemon.
Step NextStep(std::span<const AuthorityStanding> authorities, const LifeCycleTimes& times,
              Moment now);

/// When to ask again at the latest: never more than a minute, so that a leap of
/// the wall clock is noticed.
BootTime AskAgainAt(std::span<const AuthorityStanding> authorities, const LifeCycleTimes& times,
                    Moment now);

/// When the authority enters its next phase by the wall clock, all being well:
/// signing, retiring, or leaving the bundle.
WallTime NextChangeOf(const AuthorityStanding& authority,
                      std::span<const AuthorityStanding> authorities, const LifeCycleTimes& times);

}  // namespace surety
