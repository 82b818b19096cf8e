#include "agent/watch/sweep_pace.h"

#include <gtest/gtest.h>

#include "agent/watch/read_pace.h"

namespace surety {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr BootTime kBegin{seconds(100)};

// How many looks are taken in `time`, at `cost` each; and the largest portion.
struct Taken {
  std::size_t looks = 0;
  std::size_t largest = 0;
  std::size_t portions = 0;
};
Taken TakeFor(SweepPace& pace, std::size_t count, BootClock::duration time,
              BootClock::duration cost = microseconds(1)) {
  Taken taken;
  pace.Take(count, kBegin);
  for (BootTime now = pace.due(); now < kBegin + time; now = pace.due()) {
    const auto portion = pace.Take(count, now);
    pace.Cost(portion, cost * static_cast<BootClock::rep>(portion));
    taken.looks += portion;
    taken.largest = std::max(taken.largest, portion);
    ++taken.portions;
  }
  return taken;
}

TEST(SweepPace, NobodyToLookAtIsNeverDue) {
  SweepPace pace(milliseconds(250), 0.02);
  EXPECT_EQ(pace.due(), BootTime::max());
  EXPECT_EQ(pace.Take(0, kBegin), 0U);
  EXPECT_EQ(pace.due(), BootTime::max());
}

TEST(SweepPace, TheFirstLookIsAnIntervalAway) {
  SweepPace pace(milliseconds(250), 0.02);
  EXPECT_EQ(pace.Take(1, kBegin), 0U);
  EXPECT_EQ(pace.due(), kBegin + milliseconds(250));
  EXPECT_EQ(pace.Take(1, kBegin + milliseconds(249)), 0U);
  EXPECT_EQ(pace.Take(1, kBegin + milliseconds(250)), 1U);
}

TEST(SweepPace, AFewAreLookedAtInOneGo) {
  SweepPace pace(milliseconds(250), 0.02);
  const auto taken = TakeFor(pace, 10, seconds(10));
  EXPECT_EQ(taken.portions, 39U);
  EXPECT_EQ(taken.looks, 390U);
}

// 1,000 in 250 ms: 40 every 10 ms.
TEST(SweepPace, ManyAreSpreadOverTheInterval) {
  SweepPace pace(milliseconds(250), 0.02);
  const auto taken = TakeFor(pace, 1000, seconds(10));
  EXPECT_NEAR(static_cast<double>(taken.looks), 40'000, 100);
  EXPECT_LE(taken.largest, 70U);
}

// 1,000 looks of 50 us are 50 ms: at 2 % of a core that takes 2.5 s.
TEST(SweepPace, TheIntervalGrowsWhenItWouldCostMoreThanItsShare) {
  SweepPace pace(milliseconds(250), 0.02);
  const auto taken = TakeFor(pace, 1000, seconds(100), microseconds(50));
  EXPECT_EQ(pace.RealInterval(1000), milliseconds(2500));
  EXPECT_NEAR(static_cast<double>(taken.looks), 40'000, 2000);
  EXPECT_EQ(pace.cost(), microseconds(50));
}

TEST(SweepPace, TheIntervalComesBackWhenLooksGetCheaper) {
  SweepPace pace(milliseconds(250), 0.02);
  pace.Cost(10, microseconds(500));
  EXPECT_EQ(pace.RealInterval(1000), milliseconds(2500));
  for (int i = 0; i < 100; ++i) pace.Cost(10, microseconds(10));
  EXPECT_EQ(pace.RealInterval(1000), milliseconds(250));
}

// After a long sleep everybody is looked at once, not once for each missed interval.
TEST(SweepPace, WhatWasMissedIsNotMadeUpFor) {
  SweepPace pace(milliseconds(250), 0.02);
  pace.Take(100, kBegin);
  EXPECT_EQ(pace.Take(100, kBegin + seconds(3600)), 100U);
  EXPECT_LE(pace.Take(100, pace.due()), 17U);
}

TEST(SweepPace, EveryoneIsSeenWithinTheIntervalWhateverTheirNumber) {
  for (const std::size_t count : {1U, 15U, 16U, 17U, 33U, 250U, 999U, 8192U}) {
    SweepPace pace(milliseconds(250), 0.5);
    const auto taken = TakeFor(pace, count, seconds(25));
    EXPECT_NEAR(static_cast<double>(taken.looks), static_cast<double>(count) * 99.5,
                static_cast<double>(count) * 1.0)
        << count;
  }
}

TEST(ReadPace, IsShortUntilMuchComes) {
  ReadPace pace(milliseconds(0), milliseconds(2), 50);
  EXPECT_EQ(pace.Pause(50, kBegin), milliseconds(0));
  EXPECT_EQ(pace.Pause(1, kBegin + milliseconds(9)), milliseconds(2));
  EXPECT_EQ(pace.Pause(1, kBegin + milliseconds(10)), milliseconds(0));
}

}  // namespace
}  // namespace surety
