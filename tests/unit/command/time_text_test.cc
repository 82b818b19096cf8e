#include "agent/command/time_text.h"

#include <gtest/gtest.h>

namespace surety {
namespace {

using namespace std::chrono_literals;

TEST(TimeText, Rfc3339IsInUtcToTheSecond) {
  EXPECT_EQ(Rfc3339(WallTime(0s)), "1970-01-01T00:00:00Z");
  EXPECT_EQ(Rfc3339(WallTime(1'767'225'600s + 999ms)), "2026-01-01T00:00:00Z");
  EXPECT_EQ(Rfc3339(WallTime(-1ns)), "1969-12-31T23:59:59Z");
  EXPECT_EQ(Rfc3339(WallTime::max()), "2262-04-11T23:47:16Z");
}

TEST(TimeText, SpansShowTheirTwoLargestUnits) {
  EXPECT_EQ(SpanText(0s), "0s");
  EXPECT_EQ(SpanText(999ms), "0s");
  EXPECT_EQ(SpanText(59s), "59s");
  EXPECT_EQ(SpanText(60s), "1m 0s");
  EXPECT_EQ(SpanText(899s), "14m 59s");
  EXPECT_EQ(SpanText(3h + 59min + 59s), "3h 59m");
  EXPECT_EQ(SpanText(6 * 24h + 23h + 59min), "6d 23h");
  EXPECT_EQ(SpanText(-61s), "1m 1s");
}

TEST(TimeText, RelativeTimesPointBothWays) {
  const WallTime now(1'000s);
  EXPECT_EQ(RelativeText(now, now), "now");
  EXPECT_EQ(RelativeText(now + 999ms, now), "now");
  EXPECT_EQ(RelativeText(now + 90s, now), "in 1m 30s");
  EXPECT_EQ(RelativeText(now - 3s, now), "3s ago");
}

}  // namespace
}  // namespace surety
