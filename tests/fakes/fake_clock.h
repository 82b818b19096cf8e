#pragma once

#include "surety/clock.h"

namespace surety {

/// Stands still until it is moved. Not thread-safe.
class FakeClock final : public Clock {
 public:
  explicit FakeClock(WallTime wall = WallTime(), BootTime boot = BootTime())
      : now_{.boot = boot, .wall = wall} {}

  [[nodiscard]] Moment Now() const override { return now_; }
  void Advance(BootClock::duration by) {
    now_.boot += by;
    now_.wall += by;
  }

 private:
  Moment now_;
};

}  // namespace surety
