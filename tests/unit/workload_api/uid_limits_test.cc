#include "workload_api/uid_limits.h"

#include <gtest/gtest.h>

namespace surety {
namespace {

using std::chrono::seconds;

constexpr UidLimits kLimits{.connections = 5,
                            .connections_per_uid = 3,
                            .calls_per_uid = 4,
                            .calls_per_second = 2,
                            .calls_burst = 6};
const BootTime kStart{std::chrono::hours(1)};

TEST(UidLimiterTest, ConnectionsOfOneUidEndAtItsLimitAndLeaveRoomForOthers) {
  UidLimiter limiter(kLimits);
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(limiter.OpenConnection(1, kStart));
  const auto refused = limiter.OpenConnection(1, kStart);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), ErrorCode::kResourceExhausted);
  EXPECT_NE(refused.error().Text().find("limits.connections_per_uid"), std::string::npos);
  EXPECT_TRUE(limiter.OpenConnection(2, kStart));
  limiter.CloseConnection(1);
  EXPECT_TRUE(limiter.OpenConnection(1, kStart));
}

TEST(UidLimiterTest, AllUidsTogetherEndAtTheDaemonsLimit) {
  UidLimiter limiter(kLimits);
  for (uid_t uid = 1; uid <= 5; ++uid) EXPECT_TRUE(limiter.OpenConnection(uid, kStart));
  EXPECT_FALSE(limiter.OpenConnection(6, kStart));
}

TEST(UidLimiterTest, OpenCallsEndAtTheirLimit) {
  UidLimiter limiter(kLimits);
  for (int i = 0; i < 4; ++i) EXPECT_TRUE(limiter.OpenCall(1, kStart));
  EXPECT_FALSE(limiter.OpenCall(1, kStart));
  EXPECT_TRUE(limiter.OpenCall(2, kStart));
  limiter.CloseCall(1);
  EXPECT_TRUE(limiter.OpenCall(1, kStart));
  EXPECT_EQ(limiter.calls(), 5U);
}

TEST(UidLimiterTest, RateIsTheBurstAndThenSoManyASecond) {
  UidLimiter limiter(kLimits);
  const auto call = [&](BootTime at) {
    const bool admitted = limiter.OpenCall(1, at).has_value();
    if (admitted) limiter.CloseCall(1);
    return admitted;
  };
  for (int i = 0; i < 6; ++i) EXPECT_TRUE(call(kStart));
  EXPECT_FALSE(call(kStart));
  EXPECT_TRUE(call(kStart + seconds(1)));  // 2 new tokens
  EXPECT_TRUE(call(kStart + seconds(1)));
  EXPECT_FALSE(call(kStart + seconds(1)));
}

TEST(UidLimiterTest, ClosingEverythingGivesNoFreshBurst) {
  UidLimiter limiter(kLimits);
  for (int i = 0; i < 6; ++i) {
    ASSERT_TRUE(limiter.OpenConnection(1, kStart));
    ASSERT_TRUE(limiter.OpenCall(1, kStart));
    limiter.CloseCall(1);
    limiter.CloseConnection(1);
  }
  EXPECT_FALSE(limiter.OpenCall(1, kStart));
}

TEST(UidLimiterTest, UidsThatAreQuietAreForgotten) {
  UidLimiter limiter(kLimits);
  for (uid_t uid = 0; uid < 10'000; ++uid) {
    const BootTime now = kStart + seconds(uid);
    ASSERT_TRUE(limiter.OpenCall(uid, now));
    limiter.CloseCall(uid);
  }
  EXPECT_LT(limiter.known_uids(), 300U);
}

}  // namespace
}  // namespace surety
