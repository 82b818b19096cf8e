#include "agent/policy/churn_limiter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace surety {
namespace {

using std::chrono::milliseconds;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

const std::string kWeb = "unit:web";
constexpr BootTime kStart{Seconds(1000)};

class ChurnLimiterTest : public testing::Test {
 protected:
  /// Opens a call and ends it at once; true if it was let through.
  bool Call(BootTime now, const std::string& lineage = kWeb) {
    if (!limiter_.Allow(lineage, now)) return false;
    limiter_.Closed(lineage, now, now);
    return true;
  }
  int Calls(int count, BootTime now, const std::string& lineage = kWeb) {
    int through = 0;
    for (int i = 0; i < count; ++i) through += Call(now, lineage) ? 1 : 0;
    return through;
  }

  std::vector<std::string> bursts_;
  ChurnLimiter limiter_{
      {.tokens_per_second = 200, .most_tokens = 2'000, .refusals_for_burst = 500, .lineages = 4},
      [this](const std::string& lineage) { bursts_.push_back(lineage); }};
};

TEST_F(ChurnLimiterTest, LetsABurstThroughAndThenTheRate) {
  EXPECT_EQ(Calls(3'000, kStart), 2'000);
  EXPECT_EQ(Calls(300, kStart + milliseconds(500)), 100);  // 0.5 s x 200
  EXPECT_EQ(Calls(3'000, kStart + Seconds(100)), 2'000);
}

TEST_F(ChurnLimiterTest, HoldsOneLineageAtATime) {
  Calls(3'000, kStart);
  EXPECT_FALSE(Call(kStart));
  EXPECT_TRUE(Call(kStart, "unit:other"));
}

TEST_F(ChurnLimiterTest, StreamsThatAreHeldTakeNothing) {
  for (int i = 0; i < 10'000; ++i) EXPECT_TRUE(limiter_.Allow(kWeb, kStart));
  for (int i = 0; i < 10'000; ++i) limiter_.Closed(kWeb, kStart, kStart + Seconds(10));
  EXPECT_EQ(Calls(2'000, kStart + Seconds(10)), 2'000);
}

TEST_F(ChurnLimiterTest, CallsThatEndWithinTenSecondsTakeATokenThen) {
  for (int i = 0; i < 2'000; ++i) EXPECT_TRUE(limiter_.Allow(kWeb, kStart));
  const BootTime end = kStart + Seconds(10) - milliseconds(1);
  for (int i = 0; i < 2'000; ++i) limiter_.Closed(kWeb, kStart, end);
  EXPECT_FALSE(Call(end));
}

TEST_F(ChurnLimiterTest, DebtIsBounded) {
  for (int i = 0; i < 100'000; ++i) EXPECT_TRUE(limiter_.Allow(kWeb, kStart));
  for (int i = 0; i < 100'000; ++i) limiter_.Closed(kWeb, kStart, kStart + Seconds(1));
  // 4,000 missing at most, of which 2,000 and a bit come back within ten seconds and a bit.
  EXPECT_FALSE(Call(kStart + Seconds(11)));
  EXPECT_TRUE(Call(kStart + Seconds(11) + milliseconds(5)));
}

TEST_F(ChurnLimiterTest, TellsOfABurstAfterSoManyRefusals) {
  Calls(2'499, kStart);
  EXPECT_THAT(bursts_, IsEmpty());
  Calls(1, kStart);
  EXPECT_THAT(bursts_, ElementsAre(kWeb));
  Calls(499, kStart);
  EXPECT_THAT(bursts_, ElementsAre(kWeb));
  Calls(1, kStart);
  EXPECT_THAT(bursts_, ElementsAre(kWeb, kWeb)) << "and again after as many";
}

TEST_F(ChurnLimiterTest, ARateAboveTheLimitIsABurstAlthoughSomeGetThrough) {
  // 500 each second, as of row 32 of the attacks: the bucket is empty after
  // 2000 / (500 - 200) = 6.7 s, and 500 are refused after another 1.7 s.
  BootTime now = kStart;
  for (int i = 0; i < 500 * 8; ++i) Call(now += milliseconds(2));
  EXPECT_THAT(bursts_, IsEmpty());
  for (int i = 0; i < 500; ++i) Call(now += milliseconds(2));
  EXPECT_THAT(bursts_, ElementsAre(kWeb));
}

TEST_F(ChurnLimiterTest, APauseEndsTheRowOfRefusals) {
  Calls(2'400, kStart);
  const BootTime later = kStart + Seconds(5);  // 1000 tokens are back: half.
  Calls(1'000, later);
  Calls(400, later);
  EXPECT_THAT(bursts_, IsEmpty());
  Calls(100, later);
  EXPECT_THAT(bursts_, ElementsAre(kWeb));
}

TEST_F(ChurnLimiterTest, IsBounded) {
  Calls(3'000, kStart);
  for (int i = 0; i < 4; ++i) Call(kStart, "unit:" + std::to_string(i));
  EXPECT_TRUE(Call(kStart)) << "forgotten, and so new";
}

TEST_F(ChurnLimiterTest, ATimeThatGoesBackGivesNothing) {
  Calls(3'000, kStart);
  EXPECT_FALSE(Call(kStart - Seconds(100)));
  EXPECT_FALSE(Call(kStart));
}

TEST_F(ChurnLimiterTest, MayBeToldNobody) {
  ChurnLimiter quiet({.most_tokens = 1, .refusals_for_burst = 1}, nullptr);
  quiet.Closed(kWeb, kStart, kStart);
  EXPECT_FALSE(quiet.Allow(kWeb, kStart));
}

TEST_F(ChurnLimiterTest, CountsRightAmongThreads) {
  std::atomic<int> through = 0;
  std::vector<std::thread> threads;
  for (int thread = 0; thread < 4; ++thread)
    threads.emplace_back([&] {
      for (int i = 0; i < 300; ++i) through += Call(kStart) ? 1 : 0;
    });
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(through, 1'200);
  EXPECT_EQ(Calls(3'000, kStart), 800);
}

}  // namespace
}  // namespace surety
