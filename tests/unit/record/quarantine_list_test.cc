#include "agent/record/quarantine_list.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>

#include "tests/unit/record/open_database.h"

namespace surety {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class QuarantineListTest : public testing::Test {
 protected:
  QuarantineListTest() { Load(); }

  void Load(std::size_t most = QuarantineList::kMost) {
    list_.reset();
    list_ = Loaded(QuarantineList::Load(*database_, most));
  }
  void Restart(const std::string& boot_id = "boot-1") {
    list_.reset();
    database_.Open(boot_id);
    Load();
  }
  QuarantineList::Added Add(const QuarantineRequest& order) {
    const auto added = list_->Add(order, Now());
    EXPECT_TRUE(added) << added.error().Text();
    database_.StoreNow(list_->saver());
    return added ? *added : QuarantineList::Added();
  }
  QuarantineList::Added AddLineage(const std::string& lineage,
                                   std::optional<Seconds> duration = std::nullopt) {
    return Add({.lineage = lineage,
                .entry_id = "",
                .duration = duration,
                .reason = "drift",
                .decision = "d1"});
  }
  std::vector<std::uint64_t> Of(std::string_view lineage) const {
    std::vector<std::uint64_t> ids;
    for (const auto& one : list_->Of(std::array{lineage}, Now())) ids.push_back(one.id);
    return ids;
  }
  [[nodiscard]] Moment Now() const { return database_.clock.Now(); }

  OpenDatabase database_;
  std::unique_ptr<QuarantineList> list_;
};

TEST_F(QuarantineListTest, IsOfALineageUntilReleased) {
  const auto added = AddLineage("unit:web");
  EXPECT_TRUE(added.changed);
  EXPECT_EQ(added.quarantine.until, std::nullopt);
  EXPECT_EQ(added.quarantine.since, Now().wall);
  database_.clock.Advance(hours(24 * 365));
  EXPECT_THAT(Of("unit:web"), ElementsAre(added.quarantine.id));
  EXPECT_THAT(Of("unit:other"), IsEmpty());
  EXPECT_TRUE(list_->Covers("unit:web", "whatever", Now().boot));

  const auto removed = list_->Remove(added.quarantine.id, Now());
  ASSERT_TRUE(removed);
  EXPECT_EQ(removed->lineage, "unit:web");
  EXPECT_THAT(Of("unit:web"), IsEmpty());
  EXPECT_EQ(list_->Remove(added.quarantine.id, Now()).error().code(), ErrorCode::kNotFound);
}

TEST_F(QuarantineListTest, IsOfAnEntry) {
  Add({.lineage = "", .entry_id = "web", .duration = {}, .reason = "leak", .uid = 0});
  EXPECT_EQ(Of("unit:any").size(), 1U) << "the policy sees for which entry";
  EXPECT_TRUE(list_->Covers("unit:any", "web", Now().boot));
  EXPECT_FALSE(list_->Covers("unit:any", "db", Now().boot));
}

TEST_F(QuarantineListTest, IsOfALineageForOneEntry) {
  Add({.lineage = "unit:web", .entry_id = "db", .duration = {}, .reason = "leak", .uid = 0});
  EXPECT_TRUE(list_->Covers("unit:web", "db", Now().boot));
  EXPECT_FALSE(list_->Covers("unit:web", "web", Now().boot));
  EXPECT_FALSE(list_->Covers("unit:other", "db", Now().boot));
}

TEST_F(QuarantineListTest, IsToldOnceForALineageThatIsAskedForTwice) {
  AddLineage("unit:web");
  AddLineage("unit:db");
  const std::array<std::string_view, 3> lineages{"unit:web", "unit:web", "unit:db"};
  EXPECT_EQ(list_->Of(lineages, Now()).size(), 2U);
}

TEST_F(QuarantineListTest, NamesSomethingAndLastsForSomeTime) {
  EXPECT_EQ(list_->Add({.reason = "why"}, Now()).error().code(), ErrorCode::kInvalidArgument);
  EXPECT_EQ(list_->Add({.lineage = "unit:web", .duration = Seconds(0), .reason = "why"}, Now())
                .error()
                .code(),
            ErrorCode::kInvalidArgument);
}

TEST_F(QuarantineListTest, IsOverAfterItsDuration) {
  const auto added = AddLineage("unit:web", Seconds(600));
  EXPECT_EQ(added.quarantine.until, Now().wall + Seconds(600));
  database_.clock.Advance(Seconds(600) - nanoseconds(1));
  EXPECT_EQ(Of("unit:web").size(), 1U);
  EXPECT_THAT(list_->TakeExpired(Now()), IsEmpty());
  database_.clock.Advance(nanoseconds(1));
  EXPECT_THAT(Of("unit:web"), IsEmpty());
  EXPECT_THAT(list_->All(Now()), IsEmpty());
  const auto over = list_->TakeExpired(Now());
  ASSERT_EQ(over.size(), 1U);
  EXPECT_EQ(over[0].lineage, "unit:web");
  EXPECT_THAT(list_->TakeExpired(Now()), IsEmpty());
}

TEST_F(QuarantineListTest, IsNotEndedByAWallClockSetForward) {
  AddLineage("unit:web", Seconds(600));
  database_.clock.SetWall(hours(1000));
  EXPECT_EQ(Of("unit:web").size(), 1U);
  Restart();
  EXPECT_EQ(Of("unit:web").size(), 1U);
  EXPECT_EQ(list_->All(Now())[0].until, Now().wall + Seconds(600)) << "as it will be told";
}

TEST_F(QuarantineListTest, IsNotProlongedByAWallClockSetBack) {
  AddLineage("unit:web", Seconds(600));
  database_.clock.SetWall(-hours(1000));
  database_.clock.Advance(Seconds(300));
  Restart();
  EXPECT_EQ(Of("unit:web").size(), 1U);
  database_.clock.Advance(Seconds(300));
  EXPECT_THAT(Of("unit:web"), IsEmpty());
}

TEST_F(QuarantineListTest, OutlivesTheDaemonAndCountsMeanwhile) {
  const auto added = AddLineage("login:5", Seconds(600));
  list_.reset();
  database_.clock.Advance(Seconds(599));
  Restart();
  const auto all = list_->All(Now());
  ASSERT_EQ(all.size(), 1U);
  EXPECT_EQ(all[0].id, added.quarantine.id);
  EXPECT_EQ(all[0].reason, "drift");
  EXPECT_EQ(all[0].decision, "d1");
  EXPECT_EQ(all[0].until, Now().wall + Seconds(1));
}

TEST_F(QuarantineListTest, NeverGivesAnIdTwice) {
  const auto first = AddLineage("unit:web");
  ASSERT_TRUE(list_->Remove(first.quarantine.id, Now()));
  database_.StoreNow(list_->saver());
  Restart();
  EXPECT_GT(AddLineage("unit:web").quarantine.id, first.quarantine.id);
}

TEST_F(QuarantineListTest, OfADecisionIsProlongedByTheNext) {
  const auto first = AddLineage("unit:web", Seconds(600));
  database_.clock.Advance(Seconds(29));
  auto again = AddLineage("unit:web", Seconds(600));
  EXPECT_EQ(again.quarantine.id, first.quarantine.id);
  EXPECT_FALSE(again.changed) << "29 s are less than a twentieth of 600 s";
  database_.clock.Advance(Seconds(1));
  again = AddLineage("unit:web", Seconds(600));
  EXPECT_TRUE(again.changed);
  EXPECT_EQ(again.quarantine.until, Now().wall + Seconds(600));
  EXPECT_FALSE(AddLineage("unit:web", Seconds(60)).changed) << "nothing shortens it";
  EXPECT_TRUE(AddLineage("unit:web").changed) << "now until released";
  EXPECT_FALSE(AddLineage("unit:web", Seconds(600)).changed);
  EXPECT_EQ(list_->All(Now()).size(), 1U);
  Restart();
  EXPECT_EQ(list_->All(Now())[0].until, std::nullopt);
}

TEST_F(QuarantineListTest, OfADecisionThatIsOverIsFollowedByANewOne) {
  const auto first = AddLineage("unit:web", Seconds(60));
  database_.clock.Advance(Seconds(61));
  EXPECT_NE(AddLineage("unit:web", Seconds(60)).quarantine.id, first.quarantine.id);
}

TEST_F(QuarantineListTest, OfAnOperatorStandsByItself) {
  AddLineage("unit:web", Seconds(600));
  const QuarantineRequest order{
      .lineage = "unit:web", .entry_id = "", .duration = {}, .reason = "ticket 7", .uid = 1000};
  const auto ordered = Add(order);
  EXPECT_EQ(ordered.quarantine.reason, "ticket 7");
  EXPECT_EQ(list_->All(Now()).size(), 2U);
  ASSERT_TRUE(list_->Remove(ordered.quarantine.id, Now()));
  EXPECT_EQ(Of("unit:web").size(), 1U) << "the decision's is still there";
}

TEST_F(QuarantineListTest, MakesRoomByWhatEndsSoonestOfLoginsAndProcesses) {
  Load(4);
  AddLineage("unit:web", Seconds(10));
  AddLineage("login:5", Seconds(300));
  AddLineage("process:10.7", Seconds(200));
  AddLineage("login:6");
  AddLineage("login:7", Seconds(600));
  EXPECT_THAT(Of("process:10.7"), IsEmpty());
  EXPECT_EQ(Of("unit:web").size(), 1U);
  EXPECT_EQ(Of("login:6").size(), 1U);
  EXPECT_EQ(list_->All(Now()).size(), 4U);
}

TEST_F(QuarantineListTest, IsFullWhenNoneMayGo) {
  Load(1);
  AddLineage("unit:web");
  const QuarantineRequest order{
      .lineage = "unit:db", .entry_id = "", .duration = {}, .reason = "x"};
  EXPECT_EQ(list_->Add(order, Now()).error().code(), ErrorCode::kResourceExhausted);
}

}  // namespace
}  // namespace surety
