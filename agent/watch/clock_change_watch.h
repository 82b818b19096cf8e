#pragma once

#include <functional>
#include <memory>
#include <thread>

#include "surety/result.h"
#include "surety/unique_fd.h"

namespace surety {

/// Says at once when somebody sets the wall clock (clock_settime(2), settimeofday(2),
/// also to the time that it has) or the machine resumes from suspend: a timer of
/// CLOCK_REALTIME that such a step cancels (timerfd_create(2), TFD_TIMER_CANCEL_ON_SET).
/// By how much the clock was moved is WallClockWatch's to say; slewing (adjtime(3)) does
/// not show here. One thread of its own, which sleeps.
class ClockChangeWatch {
 public:
  /// `changed` is called on the thread of this watch, once or more for each step, and
  /// must return soon. kInternal or kResourceExhausted if the kernel gives no timer.
  static Result<std::unique_ptr<ClockChangeWatch>> Start(std::function<void()> changed);
  /// No call runs after it has returned.
  ~ClockChangeWatch();

 private:
  ClockChangeWatch(UniqueFd timer, UniqueFd stop, std::function<void()> changed);
  void Run();

  const UniqueFd timer_;
  const UniqueFd stop_;  // eventfd(2)
  const std::function<void()> changed_;
  std::thread thread_;
};

}  // namespace surety
