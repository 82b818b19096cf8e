#pragma once

#include "surety/clock.h"

namespace surety {

/// Notices that somebody has set the wall clock: it should advance as
/// CLOCK_BOOTTIME does. One owner.
class WallClockWatch {
 public:
  explicit WallClockWatch(Moment start) : last_(start) {}

  /// By how much the wall clock has been moved since the last call: positive is
  /// forward, zero within `slack`, which covers the slewing of a time daemon.
  BootClock::duration Look(Moment now, BootClock::duration slack = std::chrono::seconds(2)) {
    const auto moved = (now.wall - last_.wall) - (now.boot - last_.boot);
    last_ = now;
    return moved > slack || moved < -slack ? moved : BootClock::duration::zero();
  }

 private:
  Moment last_;
};

}  // namespace surety
