#include "agent/record/revocation_list.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/record/open_database.h"

namespace surety {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class RevocationListTest : public testing::Test {
 protected:
  RevocationListTest() { Load(); }

  void Load(std::size_t most_by_exit = RevocationList::kMostByExit) {
    list_.reset();
    list_ = Loaded(RevocationList::Load(*database_, database_.clock, most_by_exit));
  }
  void Restart(const std::string& boot_id = "boot-1") {
    list_.reset();
    database_.Open(boot_id);
    Load();
  }
  std::vector<Revocation> Add(const std::string& serial, RevokedBy by = RevokedBy::kDecision,
                              BootClock::duration life = hours(1)) {
    IssuedSvid svid = SvidOf(serial, Now());
    svid.not_after = svid.not_before + life;
    return list_->Add(std::span(&svid, 1), RevocationReason::kPrivilegeWithdrawn, by, Now());
  }
  std::vector<std::string> Serials() const {
    std::vector<std::string> serials;
    for (const auto& one : list_->Revoked(Now().wall)) serials.push_back(one.serial);
    return serials;
  }
  [[nodiscard]] Moment Now() const { return database_.clock.Now(); }

  OpenDatabase database_;
  std::unique_ptr<RevocationList> list_;
};

TEST_F(RevocationListTest, ListsBySerialAndRisesWithEach) {
  const auto before = list_->revision();
  EXPECT_EQ(Add("b2").size(), 1U);
  EXPECT_EQ(Add("a1").size(), 1U);
  EXPECT_THAT(Serials(), ElementsAre("a1", "b2"));
  EXPECT_EQ(list_->revision(), before + 2);
  EXPECT_THAT(Add("a1"), IsEmpty()) << "listed already";
  EXPECT_EQ(list_->revision(), before + 2);
}

TEST_F(RevocationListTest, TellsAllThatACrlNeeds) {
  Add("a1");
  const auto revoked = list_->Revoked(Now().wall);
  ASSERT_EQ(revoked.size(), 1U);
  EXPECT_EQ(revoked[0], (Revocation{.serial = "a1",
                                    .issuer_key_id = "ca01",
                                    .revoked_at = Now().wall,
                                    .reason = RevocationReason::kPrivilegeWithdrawn,
                                    .not_after = Now().wall + hours(1)}));
}

TEST_F(RevocationListTest, OutlivesTheDaemonOnceStored) {
  Add("a1");
  const auto revoked = list_->Revoked(Now().wall);
  EXPECT_TRUE(list_->Unstored());
  database_.StoreNow(list_->saver());
  EXPECT_FALSE(list_->Unstored());
  Restart();
  EXPECT_EQ(list_->Revoked(Now().wall), revoked);
  EXPECT_TRUE(list_->Lists({"a1", "ca01"}));
}

TEST_F(RevocationListTest, OutlivesTheMachinesRun) {
  Add("a1");
  database_.StoreNow(list_->saver());
  database_.clock.Reboot(minutes(2));
  Restart("boot-2");
  EXPECT_THAT(Serials(), ElementsAre("a1"));
  // An hour of this run later at the latest.
  database_.clock.Advance(hours(1) + Seconds(1));
  EXPECT_THAT(Serials(), IsEmpty());
}

TEST_F(RevocationListTest, LeavesOutWhatHasExpired) {
  Add("a1", RevokedBy::kDecision, hours(1));
  Add("b1", RevokedBy::kDecision, hours(2));
  database_.clock.Advance(hours(1) + Seconds(1));
  EXPECT_THAT(Serials(), ElementsAre("b1"));
  list_->DropExpired(Now());
  database_.StoreNow(list_->saver());
  EXPECT_EQ(database_.Ask("SELECT count(*) FROM revocations"), 1);
}

TEST_F(RevocationListTest, IsNotResurrectedByAWallClockThatLeapsAheadAndBack) {
  Add("a1");
  database_.clock.SetWall(hours(24 * 365));
  EXPECT_THAT(Serials(), ElementsAre("a1")) << "an hour of uptime is not over";
  list_->DropExpired(Now());
  database_.StoreNow(list_->saver());
  database_.clock.SetWall(-hours(24 * 365));
  EXPECT_THAT(Serials(), ElementsAre("a1"));
  Restart();
  EXPECT_THAT(Serials(), ElementsAre("a1"));
}

TEST_F(RevocationListTest, StaysWhileTheWallClockIsBehind) {
  Add("a1");
  database_.clock.SetWall(-hours(10));
  database_.clock.Advance(hours(2));
  EXPECT_THAT(Serials(), ElementsAre("a1")) << "others' clocks are slow as well, perhaps";
}

TEST_F(RevocationListTest, HoldsSoManyExitsAndAllDecisions) {
  Load(2);
  Add("decided", RevokedBy::kDecision, minutes(1));
  Add("soon", RevokedBy::kExit, minutes(10));
  Add("late", RevokedBy::kExit, minutes(30));
  EXPECT_EQ(list_->Degraded(), "");
  Add("later", RevokedBy::kExit, minutes(40));
  EXPECT_THAT(Serials(), ElementsAre("decided", "late", "later"));
  EXPECT_THAT(list_->Degraded(), HasSubstr("1 SVIDs of processes that have exited"));
  Add("sooner", RevokedBy::kExit, minutes(5));
  EXPECT_THAT(Serials(), ElementsAre("decided", "late", "later")) << "it expires first of all";
  database_.StoreNow(list_->saver());
  EXPECT_EQ(database_.Ask("SELECT count(*) FROM revocations"), 3);
}

TEST_F(RevocationListTest, IsWellAgainWhenThereIsRoom) {
  Load(2);
  for (const char* serial : {"a", "b", "c"}) Add(serial, RevokedBy::kExit);
  EXPECT_NE(list_->Degraded(), "");
  database_.clock.Advance(hours(2));
  list_->DropExpired(Now());
  EXPECT_EQ(list_->Degraded(), "");
}

TEST_F(RevocationListTest, KeepsToItsBoundWhenItIsLoaded) {
  for (const char* serial : {"a", "b", "c"}) Add(serial, RevokedBy::kExit);
  database_.StoreNow(list_->saver());
  Load(2);
  EXPECT_EQ(Serials().size(), 2U);
  database_.StoreNow(list_->saver());
  EXPECT_EQ(database_.Ask("SELECT count(*) FROM revocations"), 2);
}

TEST_F(RevocationListTest, TellsOfGrowthOnce) {
  int grown = 0;
  list_->OnGrowth([&] { ++grown; });
  list_->Tell();
  EXPECT_EQ(grown, 0);
  Add("a1");
  Add("b1");
  list_->Tell();
  list_->Tell();
  EXPECT_EQ(grown, 1);
}

TEST_F(RevocationListTest, TellsAfterTheBackgroundHasStored) {
  std::atomic<int> grown = 0;
  list_->OnGrowth([&] { ++grown; });
  for (int i = 0; i < 100; ++i) {
    Add("s" + std::to_string(i), RevokedBy::kExit);
    list_->StoreSoon();
  }
  EXPECT_TRUE(Eventually([&] { return grown >= 1 && !list_->Unstored(); }));
  EXPECT_LT(grown, 10) << "a storm of exits is a few transactions";
  EXPECT_EQ(database_.Ask("SELECT count(*) FROM revocations"), 100);
}

}  // namespace
}  // namespace surety
