#include "agent/watch/system_clock.h"

#include <ctime>

namespace surety {
namespace {

std::chrono::nanoseconds Read(clockid_t id) {
  timespec time{};
  ::clock_gettime(id, &time);  // Fails only for an unknown clock.
  return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
}

}  // namespace

Moment SystemClock::Now() const {
  return {.boot = BootTime(Read(CLOCK_BOOTTIME)), .wall = WallTime(Read(CLOCK_REALTIME))};
}

}  // namespace surety
