#pragma once

#include <ctime>

#include "surety/clock.h"

namespace surety {

/// Measures the CPU time that the calling thread has used since this was made.
class ThreadCpu {
 public:
  ThreadCpu() : begun_(Read()) {}
  [[nodiscard]] BootClock::duration Used() const { return Read() - begun_; }

 private:
  static BootClock::duration Read() {
    timespec time{};
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
  }

  const BootClock::duration begun_;
};

}  // namespace surety
