#include "agent/watch/report_pace.h"

#include <gtest/gtest.h>

namespace surety {
namespace {

using std::chrono::milliseconds;

constexpr BootTime kBegin{std::chrono::seconds(100)};

BootTime At(int ms) { return kBegin + milliseconds(ms); }

class ReportPaceTest : public ::testing::Test {
 protected:
  ReportPace pace_{milliseconds(5), milliseconds(40)};
};

TEST_F(ReportPaceTest, TheFirstIsReportedAtOnce) {
  EXPECT_EQ(pace_.Happened(WakeReason::kUser, At(0)), WakeReason::kUser);
  EXPECT_EQ(pace_.due(), std::nullopt);
}

TEST_F(ReportPaceTest, TheSecondWaitsAndIsNotLost) {
  pace_.Happened(WakeReason::kUser, At(0));
  EXPECT_EQ(pace_.Happened(WakeReason::kGroup, At(1)), std::nullopt);
  EXPECT_EQ(pace_.due(), At(5));
  EXPECT_EQ(pace_.Take(At(4)), std::nullopt);
  EXPECT_EQ(pace_.Take(At(5)), WakeReason::kGroup);
  EXPECT_EQ(pace_.due(), std::nullopt);
  EXPECT_EQ(pace_.Take(At(50)), std::nullopt);
}

TEST_F(ReportPaceTest, WhatWaitsIsMergedUnderTheMostImportantReason) {
  pace_.Happened(WakeReason::kUser, At(0));
  pace_.Happened(WakeReason::kMoved, At(1));
  pace_.Happened(WakeReason::kExec, At(2));
  pace_.Happened(WakeReason::kGroup, At(3));
  EXPECT_EQ(pace_.Take(At(5)), WakeReason::kExec);
}

// 0, 5, 5+10, 15+20, 35+40, 75+40 …
TEST_F(ReportPaceTest, WhoeverDoesNotStopIsReportedMoreAndMoreSeldom) {
  std::vector<int> reported;
  for (int ms = 0; ms < 200; ++ms) {
    if (pace_.Take(At(ms))) reported.push_back(ms);
    if (pace_.Happened(WakeReason::kExec, At(ms))) reported.push_back(ms);
  }
  EXPECT_EQ(reported, (std::vector<int>{0, 5, 15, 35, 75, 115, 155, 195}));
}

TEST_F(ReportPaceTest, APauseForgivesEverything) {
  for (int ms = 0; ms < 200; ++ms) {
    pace_.Take(At(ms));
    pace_.Happened(WakeReason::kExec, At(ms));
  }
  pace_.Take(At(300));
  EXPECT_EQ(pace_.Happened(WakeReason::kExec, At(1000)), WakeReason::kExec);
  pace_.Happened(WakeReason::kExec, At(1001));
  EXPECT_EQ(pace_.due(), At(1005));
}

// The owner may be late: what happens then takes along what has waited.
TEST_F(ReportPaceTest, AnOverdueReportLeavesWithTheNext) {
  pace_.Happened(WakeReason::kUser, At(0));
  pace_.Happened(WakeReason::kUser, At(1));
  EXPECT_EQ(pace_.Happened(WakeReason::kGroup, At(20)), WakeReason::kUser);
  EXPECT_EQ(pace_.due(), std::nullopt);
}

TEST_F(ReportPaceTest, NeverMoreOftenThanTheShortestGap) {
  BootTime last = kBegin - milliseconds(5);
  for (int us = 0; us < 200'000; us += 137) {
    const auto now = kBegin + std::chrono::microseconds(us);
    const auto due = pace_.Take(now);
    const auto told =
        due ? due : (us % 7 < 3 ? pace_.Happened(WakeReason::kExec, now) : std::nullopt);
    if (!told) continue;
    EXPECT_GE(now - last, milliseconds(5));
    last = now;
  }
}

}  // namespace
}  // namespace surety
