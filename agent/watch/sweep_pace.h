#pragma once

#include <cstddef>

#include "surety/clock.h"

namespace surety {

/// Spreads looks at many processes over an interval, and lengthens the interval
/// when they would cost more than a share of one core. Pure; one owner.
class SweepPace {
 public:
  /// Each process is looked at every `interval`, as long as that takes at most
  /// `share` (0 to 1) of a core.
  SweepPace(BootClock::duration interval, double share) : interval_(interval), share_(share) {}

  /// How many of `count` processes to look at now; 0 before `due`.
  std::size_t Take(std::size_t count, BootTime now);

  /// What that many looks have cost, in CPU time.
  void Cost(std::size_t looks, BootClock::duration spent);

  /// When to call Take again; BootTime::max() when there is nothing to look at.
  [[nodiscard]] BootTime due() const { return due_; }

  /// What `interval` has become for `count` processes.
  [[nodiscard]] BootClock::duration RealInterval(std::size_t count) const;

  /// The average cost of one look of late.
  [[nodiscard]] BootClock::duration cost() const {
    return BootClock::duration(std::int64_t(cost_));
  }

 private:
  const BootClock::duration interval_;
  const double share_;
  double cost_ = 0;  // Nanoseconds.
  double owed_ = 0;  // Looks; a fraction is carried over.
  BootTime last_{};
  BootTime due_ = BootTime::max();
};

}  // namespace surety
