#include "tests/flow/walk_fixture.h"

namespace surety {
namespace {

using ::testing::IsEmpty;
using ::testing::SizeIs;

class BundleStreamTest : public WalkTest {
 protected:
  Result<BootTime> Step() { return stream_.Step(now_, sink_); }
  BundleStream stream_{parts(), times_, peer_};
};

TEST_F(BundleStreamTest, PushesOnceForEveryChangeAndMintsNothing) {
  ASSERT_TRUE(Step());
  ASSERT_TRUE(Step());
  EXPECT_THAT(sink_.pushed, SizeIs(1));
  NewBundles();
  ASSERT_TRUE(Step());
  EXPECT_THAT(sink_.pushed, SizeIs(2));
  EXPECT_EQ(issuer_.count, 0);
}

TEST_F(BundleStreamTest, CallerWithoutIdentityIsRefused) {
  entries_.entries.clear();
  const auto end = Step();
  ASSERT_FALSE(end);
  EXPECT_EQ(end.error().code(), ErrorCode::kPermissionDenied);
  EXPECT_THAT(sink_.pushed, IsEmpty());
}

TEST_F(BundleStreamTest, CallerThatLosesItsIdentityIsRefusedBeforeTheNextPush) {
  ASSERT_TRUE(Step());
  entries_.entries.clear();
  NewBundles();
  EXPECT_FALSE(Step());
  EXPECT_THAT(sink_.pushed, SizeIs(1));
}

TEST_F(BundleStreamTest, UndecidedWaitsForALimitedTime) {
  policy_.answers["web"] = {Verdict::kUndecided, "facts_missing"};
  ASSERT_TRUE(Step());
  Advance(times_.first_answer);
  const auto end = Step();
  ASSERT_FALSE(end);
  EXPECT_EQ(end.error().code(), ErrorCode::kUnavailable);
}

TEST_F(BundleStreamTest, PinsTheScopeLikeAnyFirstTurn) {
  ASSERT_TRUE(Step());
  EXPECT_THAT(ledger_.pinned, SizeIs(1));
}

}  // namespace
}  // namespace surety
