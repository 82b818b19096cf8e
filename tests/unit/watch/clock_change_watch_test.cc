#include "agent/watch/clock_change_watch.h"

#include <gtest/gtest.h>

#include <atomic>
#include <ctime>

#include "tests/unit/attestors/child_process.h"

namespace surety::testing {
namespace {

// Sets the clock by so many nanoseconds from what it is. Needs CAP_SYS_TIME.
bool StepClock(long nanoseconds) {
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  now.tv_nsec += nanoseconds;
  now.tv_sec += now.tv_nsec < 0 ? -1 : now.tv_nsec / 1'000'000'000;
  now.tv_nsec = (now.tv_nsec + 1'000'000'000) % 1'000'000'000;
  return ::clock_settime(CLOCK_REALTIME, &now) == 0;
}

TEST(ClockChangeWatch, TellsOfEveryStepInEitherDirection) {
  std::atomic<int> steps = 0;
  auto watch = ClockChangeWatch::Start([&] { ++steps; });
  ASSERT_TRUE(watch) << watch.error().Text();
  ASSERT_TRUE(StepClock(1'000'000));
  EXPECT_TRUE(Eventually([&] { return steps >= 1; }));
  const int before = steps;
  ASSERT_TRUE(StepClock(-1'000'000));
  EXPECT_TRUE(Eventually([&] { return steps > before; }));
}

TEST(ClockChangeWatch, IsSilentWhileNobodyStepsAndAfterItsEnd) {
  std::atomic<int> steps = 0;
  {
    auto watch = ClockChangeWatch::Start([&] { ++steps; });
    ASSERT_TRUE(watch) << watch.error().Text();
  }
  ASSERT_TRUE(StepClock(0));
  EXPECT_EQ(steps, 0);
}

}  // namespace
}  // namespace surety::testing
