// Nobody leaves his lineage by forking, by his parent's death, or by waiting.

#include "agent/record/lineage_memory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/record/open_database.h"

namespace surety {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

constexpr ProcessKey Key(pid_t pid) { return {pid, 7}; }

class LineageMemoryTest : public testing::Test {
 protected:
  LineageMemoryTest() { Load(); }

  void Load(LineageMemory::Limits limits = {}) {
    memory_.reset();
    memory_ = Loaded(LineageMemory::Load(*database_, limits));
  }
  void Restart(const std::string& boot_id = "boot-1") {
    memory_.reset();
    database_.Open(boot_id);
    Load();
  }
  std::string Record(pid_t pid, const Lineage& now) { return memory_->Record(Key(pid), now)->id; }

  OpenDatabase database_;
  std::unique_ptr<LineageMemory> memory_;
};

TEST_F(LineageMemoryTest, RecordsTheFirstSight) {
  EXPECT_FALSE(memory_->Knows(Key(10)));
  const Lineage first = Login(5, {Above(9), Above(1)});
  EXPECT_EQ(*memory_->Record(Key(10), first), first);
  EXPECT_EQ(*memory_->Record(Key(10), Unit("other")), first) << "leaving it is told from that";
  EXPECT_TRUE(memory_->Knows(Key(10)));
}

TEST_F(LineageMemoryTest, AChildHasTheLineageOfItsNearestKnownAncestor) {
  Record(10, OfProcess(10, {Above(1)}));
  Record(11, Unit("web", {Above(1)}));
  // 12 is a child of 11, which is one of 10's, and was moved to another group.
  const auto child = memory_->Record(Key(12), Login(9, {Above(11), Above(10), Above(1)}));
  EXPECT_EQ(child->id, Unit("web").id);
  EXPECT_EQ(child->kind, LineageKind::kUnit);
  EXPECT_EQ(child->ancestors.size(), 3U) << "of its own";
}

TEST_F(LineageMemoryTest, AGrandchildIsReachedThroughAnUnknownParent) {
  Record(10, OfProcess(10, {Above(1)}));
  EXPECT_EQ(Record(30, OfProcess(10, {Above(20), Above(10), Above(1)})), "process:10.7");
  EXPECT_EQ(Record(31, OfProcess(31, {Above(21), Above(1)})), "process:31.7") << "a stranger";
}

TEST_F(LineageMemoryTest, ADaemonThatForksTwiceWashesNothingOff) {
  Record(10, OfProcess(10, {Above(1)}));
  memory_->Forked(Key(10), Key(11));
  memory_->Forked(Key(11), Key(12));
  memory_->Exited(Key(11));
  memory_->Exited(Key(10));
  // 12 has called setsid(2) and is a child of init by now.
  EXPECT_EQ(Record(12, OfProcess(12, {Above(1)})), "process:10.7");
}

TEST_F(LineageMemoryTest, AChildThatWasFasterThanTheNewsIsCorrected) {
  Record(10, OfProcess(10, {Above(1)}));
  EXPECT_EQ(Record(11, OfProcess(11, {Above(1)})), "process:11.7");
  memory_->Forked(Key(10), Key(11));
  EXPECT_EQ(Record(11, OfProcess(11, {Above(1)})), "process:10.7");
}

TEST_F(LineageMemoryTest, NewsOfAForkCountsAfterTheParentsExitIsKnown) {
  Record(10, OfProcess(10, {Above(1)}));
  memory_->Exited(Key(10));
  memory_->Forked(Key(10), Key(11));
  EXPECT_EQ(Record(11, OfProcess(11, {Above(1)})), "process:10.7");
}

TEST_F(LineageMemoryTest, NewsOfAForkChangesNothingThatWasInherited) {
  Record(10, OfProcess(10, {Above(1)}));
  Record(11, OfProcess(10, {Above(10), Above(1)}));
  Record(20, Unit("web", {Above(1)}));
  memory_->Forked(Key(20), Key(11));
  EXPECT_EQ(Record(11, OfProcess(11)), "process:10.7");
}

TEST_F(LineageMemoryTest, AForkOfAStrangerIsNoNews) {
  memory_->Forked(Key(10), Key(11));
  EXPECT_FALSE(memory_->Knows(Key(11)));
}

TEST_F(LineageMemoryTest, AReusedPidIsAnotherProcess) {
  Record(10, OfProcess(10, {Above(1)}));
  const ProcessKey reused{10, 8};
  EXPECT_EQ(memory_->Record(reused, Unit("web"))->id, Unit("web").id);
  const auto child = memory_->Record(Key(12), Login(1, {{.key = {10, 9}, .uid = 0, .name = ""}}));
  EXPECT_EQ(child->id, "login:1") << "neither of the two is its parent";
}

TEST_F(LineageMemoryTest, ListsTheProcessesOfALineage) {
  Record(10, Unit("web"));
  Record(11, Unit("web"));
  Record(12, Unit("db"));
  EXPECT_THAT(memory_->ProcessesOf(Unit("web").id), UnorderedElementsAre(Key(10), Key(11)));
  memory_->Exited(Key(10));
  EXPECT_THAT(memory_->ProcessesOf(Unit("web").id), ElementsAre(Key(11)));
  EXPECT_THAT(memory_->Processes(), UnorderedElementsAre(Key(11), Key(12)));
  EXPECT_THAT(memory_->ProcessesOf("unit:none"), IsEmpty());
}

TEST_F(LineageMemoryTest, OutlivesTheDaemon) {
  const Lineage first = OfProcess(10, {Above(9), Above(1)});
  memory_->Record(Key(10), first);
  memory_->Forked(Key(10), Key(11));
  Restart();
  EXPECT_EQ(*memory_->Record(Key(10), Login(3)), first);
  EXPECT_EQ(Record(11, OfProcess(11, {Above(1)})), "process:10.7") << "heard of, not yet seen";
}

TEST_F(LineageMemoryTest, DoesNotOutliveTheMachinesRun) {
  Record(10, Unit("web"));
  Restart("boot-2");
  EXPECT_FALSE(memory_->Knows(Key(10)));
}

TEST_F(LineageMemoryTest, ForgetsTheExitedAlsoInTheDatabase) {
  Record(10, Unit("web"));
  ASSERT_TRUE(database_->StoreAll());
  memory_->Exited(Key(10));
  ASSERT_TRUE(database_->StoreAll());
  EXPECT_EQ(database_.Ask("SELECT count(*) FROM lineages"), 0);
}

TEST_F(LineageMemoryTest, WorkersThatComeAndGoAreNotWrittenDown) {
  Record(10, Unit("web"));
  ASSERT_TRUE(database_->StoreAll());
  for (pid_t pid = 100; pid < 2'100; ++pid) {
    memory_->Forked(Key(10), Key(pid));
    memory_->Exited(Key(pid));
  }
  ASSERT_TRUE(database_->StoreAll());
  EXPECT_EQ(database_.Ask("SELECT count(*) FROM lineages"), 1);
}

TEST_F(LineageMemoryTest, LearnsAgainWhatTheAuditLogTells) {
  memory_->Adopt(Key(10), Login(5));
  EXPECT_EQ(Record(10, Unit("web")), "login:5");
  memory_->Adopt(Key(10), Login(6));
  EXPECT_EQ(Record(10, Unit("web")), "login:5") << "what is known is not touched";
  memory_->Adopt(Key(11), Lineage());
  EXPECT_FALSE(memory_->Knows(Key(11)));
}

TEST_F(LineageMemoryTest, HoldsSoManyOfALineageAndTheOldestWithoutIdentityGoFirst) {
  Load({.of_all = 100, .of_lineage = 3});
  for (pid_t pid = 10; pid < 13; ++pid) Record(pid, Unit("web"));
  Record(50, Unit("db"));
  memory_->HoldsIdentity(Key(10));
  Record(13, Unit("web"));
  EXPECT_TRUE(memory_->Knows(Key(10))) << "has an identity";
  EXPECT_FALSE(memory_->Knows(Key(11)));
  EXPECT_TRUE(memory_->Knows(Key(12)));
  EXPECT_TRUE(memory_->Knows(Key(50))) << "a lineage makes room within itself";
  EXPECT_EQ(memory_->Degraded(), "");
}

TEST_F(LineageMemoryTest, SaysSoWhenProcessesWithAnIdentityMustGo) {
  Load({.of_all = 2, .of_lineage = 2});
  for (pid_t pid = 10; pid < 13; ++pid) {
    Record(pid, Unit("u" + std::to_string(pid)));
    memory_->HoldsIdentity(Key(pid));
  }
  // 12 came without an identity and was the first to go; so it is recorded again.
  Record(12, Unit("u12"));
  EXPECT_TRUE(memory_->Knows(Key(10)));
  memory_->Forked(Key(10), Key(13));
  EXPECT_EQ(memory_->Processes().size(), 2U);
  EXPECT_EQ(memory_->Degraded(), "");
}

TEST_F(LineageMemoryTest, KeepsToItsBoundsWhenItIsLoaded) {
  for (pid_t pid = 10; pid < 20; ++pid) {
    Record(pid, Unit("web"));
    memory_->HoldsIdentity(Key(pid));
  }
  ASSERT_TRUE(database_->StoreAll());
  Load({.of_all = 4, .of_lineage = 100});
  EXPECT_EQ(memory_->Processes().size(), 4U);
  EXPECT_THAT(memory_->Degraded(), HasSubstr("6 processes with an identity"));
}

}  // namespace
}  // namespace surety
