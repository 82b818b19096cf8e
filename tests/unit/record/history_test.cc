// What is remembered of who is asking.

#include "agent/record/history.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/record/state_support.h"

namespace surety {
namespace {

using ::testing::DoubleNear;
using ::testing::IsEmpty;

TEST(HasLeft, ComparesTheRecordedLineageWithTodays) {
  const Lineage container{.id = "container:4f", .kind = LineageKind::kContainer, .ancestors = {}};
  const Lineage cgroup{.id = "cgroup:/jobs", .kind = LineageKind::kCgroup, .ancestors = {}};
  EXPECT_FALSE(HasLeft(Unit("web"), Unit("web")));
  EXPECT_TRUE(HasLeft(Unit("web"), Unit("db")));
  EXPECT_TRUE(HasLeft(Unit("web"), cgroup));
  EXPECT_TRUE(HasLeft(Unit("web"), OfProcess(10)));
  EXPECT_TRUE(HasLeft(container, Unit("web")));
  EXPECT_TRUE(HasLeft(Login(5), container));
  EXPECT_TRUE(HasLeft(Login(5), Login(6)));
  EXPECT_TRUE(HasLeft(OfProcess(10), Login(6)));
  EXPECT_TRUE(HasLeft(OfProcess(10), cgroup));
}

TEST(HasLeft, IsNotWhatAParentsDeathDoes) {
  EXPECT_FALSE(HasLeft(OfProcess(10), OfProcess(20)));
  EXPECT_FALSE(HasLeft(Login(5), OfProcess(20)));
}

class HistoryTest : public testing::Test {
 protected:
  HistoryTest() { world_.Start(); }

  Standing Look(pid_t pid, const Lineage& now) {
    const Peer peer = world_.processes.Start(pid);
    world_.lineages.now[pid] = now;
    return world_.Look(peer);
  }
  void Count(const Standing& standing, pid_t pid, Happening what, const std::string& id = "") {
    world_.state->history().Count(standing, {pid, 7}, what, id, world_.clock.Now());
  }
  StateWorld world_;
};

TEST_F(HistoryTest, TellsTheLineageThenAndNow) {
  Look(10, Unit("web"));
  const Standing later = Look(10, Unit("db"));
  EXPECT_EQ(later.lineage.id, Unit("web").id);
  EXPECT_EQ(later.lineage_now.id, Unit("db").id);
  EXPECT_TRUE(later.left_lineage);
}

TEST_F(HistoryTest, CannotTellWhatTheReaderCannot) {
  const Peer peer = world_.processes.Start(10);
  const auto blind = world_.state->history().Look(peer, world_.clock.Now());
  ASSERT_FALSE(blind);
  EXPECT_EQ(blind.error().code(), ErrorCode::kUnavailable);
  EXPECT_FALSE(world_.state->lineages().Knows({10, 7})) << "nothing is recorded";
  world_.processes.Exit(10);
  EXPECT_EQ(world_.state->history().Look(peer, world_.clock.Now()).error().code(),
            ErrorCode::kPeerGone);
}

TEST_F(HistoryTest, CountsForTheLineageAndTheProcess) {
  const Standing one = Look(10, Unit("web"));
  const Standing two = Look(11, Unit("web"));
  Count(one, 10, Happening::kStream);
  Count(one, 10, Happening::kSvid, "spiffe://example.org/a");
  Count(two, 11, Happening::kSvid, "spiffe://example.org/b");
  Count(two, 11, Happening::kRefusal);
  const Standing seen = Look(10, Unit("web"));
  EXPECT_EQ(seen.of_lineage.streams, 1U);
  EXPECT_EQ(seen.of_lineage.svids, 2U);
  EXPECT_EQ(seen.of_lineage.refusals, 1U);
  EXPECT_EQ(seen.of_lineage.spiffe_ids, 2U);
  EXPECT_EQ(seen.of_process.svids, 1U);
  EXPECT_EQ(seen.of_process.refusals, 0U);
  EXPECT_EQ(seen.of_process.spiffe_ids, 1U);
  EXPECT_EQ(Look(50, Unit("db")).of_lineage.svids, 0U);
}

TEST_F(HistoryTest, AddsToTheRiskWhatCountingShows) {
  const Standing standing = Look(10, Unit("web"));
  Count(standing, 10, Happening::kSvid, "spiffe://example.org/a");
  Count(standing, 10, Happening::kSvid, "spiffe://example.org/a");
  EXPECT_THAT(Look(10, Unit("web")).risk.parts, IsEmpty()) << "one identity is no jump";
  Count(standing, 10, Happening::kSvid, "spiffe://example.org/b");
  Count(standing, 10, Happening::kRefusal);
  // 15 for the second identity, 5 for the refusal.
  EXPECT_THAT(Look(10, Unit("web")).risk.score, DoubleNear(20, 0.01));
}

TEST_F(HistoryTest, IgnoresUnknownSignals) {
  const Standing standing = Look(10, Unit("web"));
  world_.state->history().Suspect(standing.lineage.id, "moonphase", world_.clock.Now());
  world_.state->history().Suspect(standing.lineage.id, "traced", world_.clock.Now());
  const Risk risk = Look(10, Unit("web")).risk;
  ASSERT_EQ(risk.parts.size(), 1U);
  EXPECT_EQ(risk.parts[0].signal, "traced");
}

TEST_F(HistoryTest, TellsQuarantinesOfBothLineages) {
  Look(10, Unit("web"));
  auto& quarantines = world_.state->quarantines();
  ASSERT_TRUE(quarantines.Add({.lineage = Unit("db").id, .reason = "r"}, world_.clock.Now()));
  EXPECT_THAT(Look(10, Unit("web")).quarantines, IsEmpty());
  EXPECT_EQ(Look(10, Unit("db")).quarantines.size(), 1U) << "it has entered one";
  EXPECT_EQ(Look(11, Unit("db")).quarantines.size(), 1U);
}

TEST_F(HistoryTest, CountsAndRiskOutliveTheDaemon) {
  const Standing standing = Look(10, Unit("web"));
  for (int i = 0; i < 9; ++i) Count(standing, 10, Happening::kStream);
  Count(standing, 10, Happening::kSvid, "spiffe://example.org/a");
  world_.state->history().Suspect(standing.lineage.id, "burst", world_.clock.Now());
  world_.Start();
  const Standing after = Look(10, Unit("web"));
  EXPECT_EQ(after.of_lineage.streams, 9U);
  EXPECT_EQ(after.of_process.streams, 9U);
  EXPECT_EQ(after.of_lineage.spiffe_ids, 1U);
  EXPECT_THAT(after.risk.score, DoubleNear(30, 0.01));
}

TEST_F(HistoryTest, NothingOfItOutlivesTheMachinesRun) {
  const Standing standing = Look(10, Unit("web"));
  Count(standing, 10, Happening::kStream);
  world_.state->history().Suspect(standing.lineage.id, "burst", world_.clock.Now());
  world_.clock.Reboot(Seconds(5));
  world_.Start("boot-2");
  const Standing after = Look(10, Unit("web"));
  EXPECT_EQ(after.of_lineage.streams, 0U);
  EXPECT_EQ(after.risk.score, 0);
}

RecordedTurn TurnOf(pid_t pid, Moment at, Verdict verdict) {
  return {.sequence = 1,
          .boot_id = "boot-1",
          .at = at,
          .process = {pid, 7},
          .lineage = Unit("web"),
          .action = Action::kIssue,
          .verdict = verdict,
          .minted = {}};
}

TEST_F(HistoryTest, LearnsFromTheAuditLogWhatWasNotStoredInTime) {
  world_.Start("boot-1", false);
  world_.processes.Start(10);
  EXPECT_TRUE(Look(10, Unit("web")).starting);
  std::vector<RecordedTurn> turns;
  for (int i = 0; i < 9; ++i) turns.push_back(TurnOf(10, world_.clock.Now(), Verdict::kRefuse));
  turns.push_back(TurnOf(10, world_.clock.Now(), Verdict::kAllow));
  turns.back().minted = {SvidOf("a1", world_.clock.Now())};
  world_.state->Restore(turns);
  world_.state->Ready(world_.clock.Now());
  const Standing after = Look(10, Unit("web"));
  EXPECT_FALSE(after.starting);
  EXPECT_EQ(after.of_lineage.refusals, 9U);
  EXPECT_EQ(after.of_lineage.streams, 10U);
  EXPECT_EQ(after.of_process.svids, 1U);
  EXPECT_EQ(after.of_lineage.spiffe_ids, 1U);
}

TEST_F(HistoryTest, CountsOnceWhatWasStoredAndIsToldAgain) {
  const Standing standing = Look(10, Unit("web"));
  for (int i = 0; i < 9; ++i) Count(standing, 10, Happening::kRefusal);
  ASSERT_TRUE(world_.state->Flush());
  // The tenth is in the audit log only.
  std::vector<RecordedTurn> turns(10, TurnOf(10, world_.clock.Now(), Verdict::kRefuse));
  world_.Start("boot-1", false);
  world_.state->Restore(turns);
  world_.state->Ready(world_.clock.Now());
  EXPECT_EQ(Look(10, Unit("web")).of_lineage.refusals, 10U);
}

TEST_F(HistoryTest, LearnsNothingFromOtherBootsOrFromLongAgo) {
  world_.Start("boot-1", false);
  world_.clock.Advance(minutes(20));
  auto other_boot = TurnOf(10, world_.clock.Now(), Verdict::kRefuse);
  other_boot.boot_id = "boot-0";
  auto long_ago = TurnOf(10, world_.clock.Now(), Verdict::kRefuse);
  long_ago.at.boot -= minutes(10);
  const std::vector turns{other_boot, long_ago};
  world_.state->Restore(turns);
  world_.state->Ready(world_.clock.Now());
  EXPECT_EQ(Look(10, Unit("web")).of_lineage.refusals, 0U);
}

TEST_F(HistoryTest, ForgetsWhatAProcessThatExitedHasDone) {
  const Standing standing = Look(10, Unit("web"));
  Count(standing, 10, Happening::kStream);
  world_.state->Exited({10, 7}, world_.clock.Now());
  const Standing after = Look(10, Unit("web"));
  EXPECT_EQ(after.of_process.streams, 0U);
  EXPECT_EQ(after.of_lineage.streams, 1U) << "its lineage answers for it";
}

TEST_F(HistoryTest, CountsRightAmongThreads) {
  constexpr int kThreads = 8;
  constexpr int kEach = 500;
  const Standing standing = Look(10, Unit("web"));
  const Peer peer = world_.processes.Start(10);
  std::vector<std::thread> threads;
  for (int thread = 0; thread < kThreads; ++thread)
    threads.emplace_back([&] {
      for (int i = 0; i < kEach; ++i) {
        Count(standing, 10, Happening::kStream);
        EXPECT_TRUE(world_.state->history().Look(peer, world_.clock.Now()));
      }
    });
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(Look(10, Unit("web")).of_lineage.streams, static_cast<unsigned>(kThreads * kEach));
}

}  // namespace
}  // namespace surety
