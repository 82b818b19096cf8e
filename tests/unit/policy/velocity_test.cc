#include "agent/policy/velocity.h"

#include <gtest/gtest.h>

namespace surety {
namespace {

using std::chrono::milliseconds;

constexpr BootTime At(double seconds) {
  return BootTime(
      std::chrono::duration_cast<BootClock::duration>(std::chrono::duration<double>(seconds)));
}

std::string Id(int number) { return "spiffe://example.org/" + std::to_string(number); }

TEST(Velocity, CountsEachSort) {
  VelocityCounts counts;
  counts.Add(Happening::kStream, At(100));
  counts.Add(Happening::kSvid, At(100));
  counts.Add(Happening::kSvid, At(101));
  counts.Add(Happening::kRefusal, At(102.5));
  const Velocity seen = counts.At(At(103));
  EXPECT_EQ(seen.streams, 1U);
  EXPECT_EQ(seen.svids, 2U);
  EXPECT_EQ(seen.refusals, 1U);
  EXPECT_EQ(seen.spiffe_ids, 0U);
}

TEST(Velocity, IsOfTheLastMinuteToTheSecond) {
  VelocityCounts counts;
  counts.Add(Happening::kSvid, At(100.9));
  EXPECT_EQ(counts.At(At(159.9)).svids, 1U);  // 159 - 100 = 59 < 60
  EXPECT_EQ(counts.At(At(160.0)).svids, 0U);  // 160 - 100 = 60
}

TEST(Velocity, Slides) {
  VelocityCounts counts;
  // Two each second for three minutes: at any time the last 60 seconds, 120.
  for (int second = 0; second < 180; ++second) {
    counts.Add(Happening::kSvid, At(second));
    counts.Add(Happening::kSvid, At(second + 0.5));
    EXPECT_EQ(counts.At(At(second + 0.9)).svids,
              2U * static_cast<unsigned>(std::min(second + 1, 60)));
  }
  EXPECT_EQ(counts.At(At(209)).svids, 60U);  // Seconds 150 to 179.
  EXPECT_EQ(counts.At(At(1000)).svids, 0U);
}

TEST(Velocity, TakesATimeBeforeTheLastForTheLast) {
  VelocityCounts counts;
  counts.Add(Happening::kSvid, At(500));
  counts.Add(Happening::kSvid, At(100));
  EXPECT_EQ(counts.At(At(500)).svids, 2U);
  EXPECT_EQ(counts.At(At(100)).svids, 2U);
}

TEST(Velocity, DoesNotOverflow) {
  VelocityCounts counts;
  for (int i = 0; i < 70'000; ++i) counts.Add(Happening::kStream, At(100));
  EXPECT_EQ(counts.At(At(100)).streams, 65'535U);
}

TEST(Velocity, TellsDistinctIdentitiesOfTenMinutes) {
  VelocityCounts counts;
  EXPECT_TRUE(counts.AddIdentity(Id(1), At(100)));
  EXPECT_FALSE(counts.AddIdentity(Id(1), At(200)));
  EXPECT_TRUE(counts.AddIdentity(Id(2), At(300)));
  EXPECT_EQ(counts.At(At(300)).spiffe_ids, 2U);
  EXPECT_EQ(counts.At(At(799)).spiffe_ids, 2U);  // 1 was last given out at 200.
  EXPECT_EQ(counts.At(At(800)).spiffe_ids, 1U);
  EXPECT_EQ(counts.At(At(900)).spiffe_ids, 0U);
  EXPECT_TRUE(counts.AddIdentity(Id(2), At(900))) << "new again after ten minutes";
}

TEST(Velocity, BoundsTheIdentitiesItTellsApart) {
  VelocityCounts counts;
  for (int i = 0; i < 100; ++i) counts.AddIdentity(Id(i), At(100 + i));
  EXPECT_EQ(counts.At(At(200)).spiffe_ids, 64U);
  EXPECT_FALSE(counts.AddIdentity(Id(99), At(200))) << "the latest are kept";
}

TEST(Velocity, IsIdleTenMinutesAfterTheLast) {
  VelocityCounts counts;
  counts.Add(Happening::kStream, At(100));
  EXPECT_FALSE(counts.Idle(At(699)));
  EXPECT_TRUE(counts.Idle(At(700)));
}

TEST(Velocity, JoinsTwoCountsOfTheSame) {
  VelocityCounts stored;
  VelocityCounts told;
  // Second 100: both saw three. Second 101: stored before the last two.
  for (int i = 0; i < 3; ++i) stored.Add(Happening::kSvid, At(100));
  for (int i = 0; i < 3; ++i) told.Add(Happening::kSvid, At(100));
  stored.Add(Happening::kSvid, At(101));
  for (int i = 0; i < 3; ++i) told.Add(Happening::kSvid, At(101));
  stored.Add(Happening::kStream, At(101));  // Not in the audit log.
  told.AddIdentity(Id(1), At(101));
  stored.Join(told);
  EXPECT_EQ(stored.At(At(101)).svids, 6U);
  EXPECT_EQ(stored.At(At(101)).streams, 1U);
  EXPECT_EQ(stored.At(At(101)).spiffe_ids, 1U);
  stored.Join(told);
  EXPECT_EQ(stored.At(At(101)).svids, 6U) << "told twice is told once";
}

TEST(Velocity, JoinsNothingThatIsAMinuteOld) {
  VelocityCounts stored;
  VelocityCounts told;
  told.Add(Happening::kSvid, At(100));
  stored.Add(Happening::kSvid, At(160));  // In the same bucket of the ring.
  stored.Join(told);
  EXPECT_EQ(stored.At(At(160)).svids, 1U);
  told.Join(stored);
  EXPECT_EQ(told.At(At(160)).svids, 1U);
}

TEST(Velocity, IsReadAsItWasWritten) {
  VelocityCounts counts;
  for (int i = 0; i < 90; ++i) counts.Add(static_cast<Happening>(i % 3), At(100 + i));
  for (int i = 0; i < 5; ++i) counts.AddIdentity(Id(i), At(150 + i));
  const auto read = VelocityCounts::Parse(counts.Text());
  ASSERT_TRUE(read) << read.error().Text();
  EXPECT_EQ(read->Text(), counts.Text());
  for (const double later : {190.0, 220.0, 760.0}) {
    EXPECT_EQ(read->At(At(later)).svids, counts.At(At(later)).svids);
    EXPECT_EQ(read->At(At(later)).refusals, counts.At(At(later)).refusals);
    EXPECT_EQ(read->At(At(later)).spiffe_ids, counts.At(At(later)).spiffe_ids);
  }
}

TEST(Velocity, WritesALineAPersonCanRead) {
  VelocityCounts counts;
  counts.Add(Happening::kSvid, At(100));
  counts.Add(Happening::kRefusal, At(102));
  EXPECT_EQ(counts.Text(), "102 2 100 0 1 0 102 0 0 1");
}

class NoVelocity : public testing::TestWithParam<const char*> {};

TEST_P(NoVelocity, IsDamage) {
  const auto read = VelocityCounts::Parse(GetParam());
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code(), ErrorCode::kDataLoss);
}

INSTANTIATE_TEST_SUITE_P(All, NoVelocity,
                         testing::Values("", "x", "5", "-1 0", "5 61", "5 1 6 0 0 0", "5 1 5 0 0",
                                         "5 1 5 0 0 70000", "5 1 -2 0 0 0", "5 0 7", "5 0 7 6",
                                         "5  0", "5 0 7 5x"));

}  // namespace
}  // namespace surety
