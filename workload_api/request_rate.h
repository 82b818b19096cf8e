#pragma once

#include <algorithm>
#include <optional>

#include "surety/clock.h"

namespace surety {

/// Lets so many through at once after a pause, and so many a second in the long run.
/// Not thread-safe.
class RequestRate {
 public:
  RequestRate(double burst, double per_second)
      : burst_(burst), per_second_(per_second), left_(burst) {}

  /// False: one too many.
  bool Take(BootTime now) {
    if (refilled_) {
      const std::chrono::duration<double> since = now - *refilled_;
      left_ = std::min(burst_, left_ + std::max(since.count(), 0.0) * per_second_);
    }
    refilled_ = now;
    if (left_ < 1) return false;
    left_ -= 1;
    return true;
  }

 private:
  const double burst_;
  const double per_second_;
  double left_;
  std::optional<BootTime> refilled_;
};

}  // namespace surety
