#include "agent/watch/kin.h"

#include <gtest/gtest.h>

namespace surety {
namespace {

constexpr ProcessKey kRoot{10, 100};

class KinTest : public ::testing::Test {
 protected:
  KinTest() { kin_.Add(kRoot); }

  // Names the eldest newborn; the ancestor that it is reported with.
  std::optional<ProcessKey> NameNext(const ProcessKey& key) {
    const auto newborns = kin_.TakeNewborns(1);
    return newborns.empty() ? std::nullopt : kin_.Name(newborns.front(), key);
  }

  Kin kin_{100};
};

TEST_F(KinTest, AChildOfAFollowedProcessIsNamedOnce) {
  EXPECT_TRUE(kin_.Born(10, 11));
  EXPECT_TRUE(kin_.has_newborns());
  EXPECT_EQ(NameNext({11, 101}), kRoot);
  EXPECT_FALSE(kin_.has_newborns());
  EXPECT_EQ(kin_.Find(11), (ProcessKey{11, 101}));
}

TEST_F(KinTest, AStrangersChildIsNone) {
  EXPECT_TRUE(kin_.Born(20, 21));
  EXPECT_FALSE(kin_.has_newborns());
  EXPECT_FALSE(kin_.Knows(21));
}

TEST_F(KinTest, AGrandchildIsReportedWithItsParent) {
  kin_.Born(10, 11);
  NameNext({11, 101});
  kin_.Born(11, 12);
  EXPECT_EQ(NameNext({12, 102}), (ProcessKey{11, 101}));
}

// The parent lived too briefly to be named.
TEST_F(KinTest, OrTheNearestAncestorThatHasAName) {
  kin_.Born(10, 11);
  kin_.Born(11, 12);
  kin_.Born(12, 13);
  const auto newborns = kin_.TakeNewborns(9);
  ASSERT_EQ(newborns.size(), 3U);
  EXPECT_EQ(kin_.Name(newborns[2], {13, 103}), kRoot);
}

TEST_F(KinTest, FindsANewbornThatWaitsForItsName) {
  EXPECT_FALSE(kin_.FindNewborn(11));
  kin_.Born(10, 11);
  kin_.Born(11, 12);
  const auto newborn = kin_.FindNewborn(12);
  ASSERT_TRUE(newborn);
  EXPECT_EQ(kin_.Name(*newborn, {12, 102}), kRoot);
  EXPECT_FALSE(kin_.FindNewborn(12)) << "it has a name by now";
}

TEST_F(KinTest, APidThatIsGivenToAStrangerIsNoKin) {
  kin_.Born(10, 11);
  const auto newborns = kin_.TakeNewborns(1);
  kin_.Born(1, 11);
  EXPECT_EQ(kin_.Name(newborns.front(), {11, 999}), std::nullopt);
  EXPECT_FALSE(kin_.Knows(11));
  kin_.Born(11, 12);
  EXPECT_FALSE(kin_.Knows(12));
}

TEST_F(KinTest, APidThatIsGivenToKinAgainIsNamedAnew) {
  kin_.Born(10, 11);
  const auto first = kin_.TakeNewborns(1);
  kin_.Born(10, 11);
  EXPECT_EQ(kin_.Name(first.front(), {11, 101}), std::nullopt);
  EXPECT_EQ(NameNext({11, 102}), kRoot);
}

TEST_F(KinTest, AFollowedProcessWhosePidIsGivenAwayIsForgotten) {
  kin_.Born(1, 10);
  kin_.Born(10, 11);
  EXPECT_FALSE(kin_.Knows(10));
  EXPECT_FALSE(kin_.Knows(11));
}

// Followed between its birth and its naming: its birth is still reported.
TEST_F(KinTest, AnUnnamedChildThatIsFollowedKeepsItsPlace) {
  kin_.Born(10, 11);
  kin_.Add({11, 101});
  EXPECT_EQ(NameNext({11, 101}), kRoot);
}

TEST_F(KinTest, AddingAnotherProcessOfTheSamePidReplacesIt) {
  kin_.Add({10, 200});
  EXPECT_EQ(kin_.Find(10), (ProcessKey{10, 200}));
}

TEST_F(KinTest, HasRoomForSoManyOnly) {
  for (pid_t pid = 1000; pid < 1099; ++pid) EXPECT_TRUE(kin_.Born(10, pid));
  EXPECT_FALSE(kin_.Born(10, 2000));
  EXPECT_FALSE(kin_.Knows(2000));
  kin_.Purge([](pid_t pid) { return pid == 10; });
  EXPECT_EQ(kin_.size(), 1U);
  EXPECT_TRUE(kin_.TakeNewborns(1000).empty());
  EXPECT_TRUE(kin_.Born(10, 2000));
}

// A storm on one pid fills the queue, not the table.
TEST_F(KinTest, TheQueueOfNewbornsIsBoundedToo) {
  int refused = 0;
  for (int i = 0; i < 200; ++i) refused += kin_.Born(10, 11) ? 0 : 1;
  EXPECT_EQ(refused, 100);
  EXPECT_EQ(kin_.TakeNewborns(1000).size(), 0U + 1U);
}

TEST_F(KinTest, AfterMissedBirthsTheUnnamedAreForgotten) {
  kin_.Born(10, 11);
  NameNext({11, 101});
  kin_.Born(11, 12);
  const auto newborns = kin_.TakeNewborns(1);
  kin_.ForgetNewborns();
  EXPECT_EQ(kin_.Name(newborns.front(), {12, 102}), std::nullopt);
  EXPECT_TRUE(kin_.Knows(11));
  EXPECT_FALSE(kin_.Knows(12));
}

TEST_F(KinTest, GoesRoundThoseWithAName) {
  kin_.Add({30, 1});
  kin_.Add({20, 1});
  kin_.Born(20, 25);
  EXPECT_EQ(kin_.After(0)->pid, 10);
  EXPECT_EQ(kin_.After(10)->pid, 20);
  EXPECT_EQ(kin_.After(20)->pid, 30);
  EXPECT_EQ(kin_.After(30)->pid, 10);
  EXPECT_EQ(Kin(1).After(0), std::nullopt);
}

}  // namespace
}  // namespace surety
