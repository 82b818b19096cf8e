#pragma once

#include <chrono>

namespace surety {

/// CLOCK_BOOTTIME as a chrono clock: counts through suspend and never jumps.
/// Everything that waits or expires inside the daemon is measured with it.
struct BootClock {
  using duration = std::chrono::nanoseconds;
  using rep = duration::rep;
  using period = duration::period;
  using time_point = std::chrono::time_point<BootClock>;
  static constexpr bool is_steady = true;
};

using BootTime = BootClock::time_point;
using WallTime = std::chrono::sys_time<std::chrono::nanoseconds>;
using Seconds = std::chrono::seconds;

/// One instant on both clocks. The wall clock is for what leaves the host
/// (certificates, records); it may be set back or forward by an administrator
/// or an attacker, so nothing is ever timed with it.
struct Moment {
  BootTime boot;
  WallTime wall;
};

/// Where time comes from. Thread-safe. Linux: agent/watch/system_clock.h.
/// Tests: tests/fakes/fake_clock.h.
class Clock {
 public:
  virtual ~Clock() = default;
  [[nodiscard]] virtual Moment Now() const = 0;
};

}  // namespace surety
