#include "agent/record/rfc3339.h"

#include <gtest/gtest.h>

#include <random>

namespace surety {
namespace {

WallTime At(std::int64_t nanoseconds) { return WallTime(std::chrono::nanoseconds(nanoseconds)); }

std::string Nanos(WallTime time) {
  std::string out;
  AppendRfc3339Nanos(out, time);
  return out;
}

TEST(Rfc3339, HasNineDigitsOfFraction) {
  EXPECT_EQ(Nanos(At(0)), "1970-01-01T00:00:00.000000000Z");
  EXPECT_EQ(Nanos(At(1'767'225'600'000'000'042)), "2026-01-01T00:00:00.000000042Z");
  EXPECT_EQ(Nanos(At(-1)), "1969-12-31T23:59:59.999999999Z");
  EXPECT_EQ(Nanos(At(951'782'400'999'999'999)), "2000-02-29T00:00:00.999999999Z");
}

TEST(Rfc3339, LeavesOutAFractionOfNothing) {
  EXPECT_EQ(Rfc3339Exact(At(1'767'225'600'000'000'000)), "2026-01-01T00:00:00Z");
  EXPECT_EQ(Rfc3339Exact(At(1'767'225'600'500'000'000)), "2026-01-01T00:00:00.500000000Z");
}

TEST(Rfc3339, ReadsBackWhatItWrote) {
  std::mt19937_64 random(1);
  for (int i = 0; i < 10'000; ++i) {
    // Half of the range, so that neither end is beyond what can be read.
    const WallTime time = At(static_cast<std::int64_t>(random()) / 2);
    ASSERT_EQ(ParseRfc3339(Nanos(time)), time) << Nanos(time);
    ASSERT_EQ(ParseRfc3339(Rfc3339Exact(time)), time) << Rfc3339Exact(time);
  }
}

TEST(Rfc3339, RefusesAllElse) {
  for (const char* text :
       {"", "Z", "2026-01-01", "2026-01-01T00:00:00", "2026-01-01T00:00:00+00:00",
        "2026-01-01 00:00:00Z", "2026-13-01T00:00:00Z", "2026-02-30T00:00:00Z",
        "2026-01-01T24:00:00Z", "2026-01-01T00:60:00Z", "2026-01-01T00:00:60Z",
        "2026-01-01T00:00:00.5Z", "2026-01-01T00:00:00.0000000000Z", "x026-01-01T00:00:00Z",
        "1500-01-01T00:00:00Z", "9999-01-01T00:00:00Z", "0000-00-00T00:00:00Z"})
    EXPECT_EQ(ParseRfc3339(text), std::nullopt) << text;
}

}  // namespace
}  // namespace surety
