#pragma once

#include <time.h>

#include <chrono>

#include "surety/clock.h"

namespace surety {

/// The present CLOCK_BOOTTIME. For measuring deadlines that an attestor was
/// given; where an age decides what is answered, the clock is injected instead.
inline BootTime BootNow() {
  timespec now{};
  ::clock_gettime(CLOCK_BOOTTIME, &now);
  return BootTime(std::chrono::seconds(now.tv_sec) + std::chrono::nanoseconds(now.tv_nsec));
}

}  // namespace surety
