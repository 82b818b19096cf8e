// What is taken away, from whom, and that it stays away.

#include "agent/record/sanctions.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/record/state_support.h"

namespace surety {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;

const std::string kEveryEntry;
const std::string kReason = "drift.executable";
const std::string kDecision = "d42";

class SanctionsTest : public testing::Test {
 protected:
  SanctionsTest() { world_.Start(); }

  Result<void> Revoke(const Peer& peer) {
    const Standing standing = world_.Look(peer);
    return world_.state->sanctions().Revoke(
        {peer.process->key(), standing, kEveryEntry, kReason, kDecision},
        RevocationReason::kPrivilegeWithdrawn, Now());
  }
  Result<void> Quarantine(const Peer& peer, std::optional<Seconds> duration = std::nullopt) {
    const Standing standing = world_.Look(peer);
    return world_.state->sanctions().Quarantine(
        {peer.process->key(), standing, kEveryEntry, kReason, kDecision}, duration, Now());
  }
  bool Pin(const Peer& peer, const std::string& path) {
    const auto pinned =
        world_.state->scopes().Pin(peer, Scope{.selectors = {{"unix", "path:" + path}}});
    return pinned && *pinned;
  }
  bool Pinned(const Peer& peer) {
    return world_.state->scopes().Find(peer.process->key()) != nullptr;
  }
  /// The reason that a serial is listed with; nothing if it is not listed.
  std::optional<RevocationReason> ListedFor(const std::string& serial) {
    for (const auto& one : world_.state->revocations().Revoked(Now().wall))
      if (one.serial == serial) return one.reason;
    return std::nullopt;
  }
  [[nodiscard]] Moment Now() const { return world_.clock.Now(); }

  StateWorld world_;
};

TEST_F(SanctionsTest, RevokesWhatOneProcessHolds) {
  const Peer web = world_.Serve(10, Unit("web"), "a1");
  world_.Give(web, SvidOf("a2", Now()));
  world_.Serve(11, Unit("web"), "b1");
  const auto before = world_.state->revocations().revision();
  ASSERT_TRUE(Revoke(web));
  EXPECT_THAT(world_.RevokedSerials(), ElementsAre("a1", "a2"));
  EXPECT_GT(world_.state->revocations().revision(), before);
  EXPECT_EQ(world_.grown, 1) << "the CRL is published once";
  const auto notes = world_.Notes("revoked");
  ASSERT_THAT(notes, SizeIs(1));
  EXPECT_THAT(notes[0].details, Contains(testing::Pair("serials", "a1,a2")));
  EXPECT_THAT(notes[0].details, Contains(testing::Pair("decision", kDecision)));
  EXPECT_THAT(notes[0].details, Contains(testing::Pair("process", "10.7")));
}

TEST_F(SanctionsTest, RevokesWhatAProcessHoldsOfOtherEntries) {
  const Peer web = world_.Serve(10, Unit("web"), "a1");
  auto other = SvidOf("a2", Now());
  other.entry_id = "db";
  world_.Give(web, other);
  const Standing standing = world_.Look(web);
  const ProcessKey process = web.process->key();
  const std::string none;
  const Sentence sentence{process, standing, none, kReason, kDecision};
  const std::vector<std::string> judged{"db"};
  for (int i = 0; i < 2; ++i)
    ASSERT_TRUE(world_.state->sanctions().RevokeOthers(
        sentence, judged, RevocationReason::kPrivilegeWithdrawn, Now()));
  EXPECT_THAT(world_.RevokedSerials(), ElementsAre("a1"));
  EXPECT_THAT(world_.Notes("revoked"), SizeIs(1));
}

TEST_F(SanctionsTest, ClockSetBackTakesAwayWhatBeginsLater) {
  const Peer web = world_.Serve(10, Unit("web"), "a1");
  Moment ahead = Now();
  ahead.wall += Seconds(3'000);
  world_.Give(web, SvidOf("a2", ahead));
  world_.state->sanctions().ClockSetBack(Now());
  EXPECT_TRUE(ListedFor("a2"));
  EXPECT_FALSE(ListedFor("a1"));
}

TEST_F(SanctionsTest, RevokingNothingIsNoNews) {
  const Peer web = world_.processes.Start(10);
  world_.lineages.now[10] = Unit("web");
  EXPECT_TRUE(Revoke(web));
  EXPECT_TRUE(Revoke(web));
  EXPECT_EQ(world_.grown, 0);
  EXPECT_THAT(world_.Notes("revoked"), IsEmpty());
}

TEST_F(SanctionsTest, RevocationsOutliveTheDaemonAtOnce) {
  const Peer web = world_.Serve(10, Unit("web"), "a1");
  ASSERT_TRUE(Revoke(web));
  world_.Start();
  EXPECT_EQ(ListedFor("a1"), RevocationReason::kPrivilegeWithdrawn);
}

TEST_F(SanctionsTest, RevokesWhatWasDecidedBeforeTheSentenceAndArrivesAfterIt) {
  const Peer web = world_.Serve(10, Unit("web"), "a1");
  ASSERT_TRUE(Revoke(web));
  world_.clock.Advance(Seconds(1));
  world_.Give(web, SvidOf("late", Now()));
  EXPECT_EQ(ListedFor("late"), RevocationReason::kPrivilegeWithdrawn);
  world_.clock.Advance(Seconds(1));
  world_.Give(web, SvidOf("anew", Now()));
  EXPECT_EQ(ListedFor("anew"), std::nullopt) << "what policy allows two seconds later stands";
}

TEST_F(SanctionsTest, QuarantinesTheLineageAndRevokesAllThatItHolds) {
  const Peer web = world_.Serve(10, Unit("web"), "a1");
  world_.Serve(11, Unit("web"), "b1");
  world_.Serve(12, Unit("db"), "c1");
  ASSERT_TRUE(Quarantine(web, Seconds(600)));
  EXPECT_THAT(world_.RevokedSerials(), ElementsAre("a1", "b1"));
  EXPECT_THAT(world_.woken, UnorderedElementsAre(ProcessKey{10, 7}, ProcessKey{11, 7}));
  const Standing standing = world_.Look(web);
  ASSERT_THAT(standing.quarantines, SizeIs(1));
  EXPECT_EQ(standing.quarantines[0].reason, kReason);
  EXPECT_EQ(standing.quarantines[0].decision, kDecision);
  EXPECT_EQ(standing.quarantines[0].until, Now().wall + Seconds(600));
  const auto notes = world_.Notes("quarantine.added");
  ASSERT_THAT(notes, SizeIs(1));
  EXPECT_THAT(notes[0].details, Contains(testing::Pair("lineage", Unit("web").id)));
}

TEST_F(SanctionsTest, AQuarantineCoversAnOrphanAfterARestart) {
  const Peer web = world_.Serve(10, OfProcess(10, {Above(1)}), "a1");
  ASSERT_TRUE(Quarantine(web));
  world_.state->Forked({10, 7}, {11, 7});
  const Peer child = world_.processes.Start(11);
  world_.processes.Exit(10);
  world_.state->Exited({10, 7}, Now());
  world_.Start();
  // 11 has called setsid and is a child of init.
  world_.lineages.now[11] = OfProcess(11, {Above(1)});
  EXPECT_THAT(world_.Look(child).quarantines, SizeIs(1));
}

TEST_F(SanctionsTest, RevokesWhatIsGivenIntoAQuarantine) {
  const Peer web = world_.Serve(10, Unit("web"), "a1");
  const Peer other = world_.Serve(11, Unit("web"), "b1");
  ASSERT_TRUE(Quarantine(web));
  world_.clock.Advance(minutes(1));
  world_.Give(other, SvidOf("late", Now()));
  EXPECT_EQ(ListedFor("late"), RevocationReason::kPrivilegeWithdrawn);
}

TEST_F(SanctionsTest, GoingOnIsNoFurtherQuarantine) {
  const Peer web = world_.Serve(10, Unit("web"), "a1");
  ASSERT_TRUE(Quarantine(web, Seconds(600)));
  world_.woken.clear();
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(Quarantine(web, Seconds(600)));
  EXPECT_THAT(world_.Notes("quarantine.added"), SizeIs(1));
  EXPECT_THAT(world_.woken, IsEmpty());
}

TEST_F(SanctionsTest, AProcessWithoutALineageIsRevokedAlone) {
  const Peer web = world_.Serve(10, Unit("web"), "a1");
  const Standing nowhere;
  const auto outcome = world_.state->sanctions().Quarantine(
      {web.process->key(), nowhere, kEveryEntry, kReason, kDecision}, std::nullopt, Now());
  EXPECT_FALSE(outcome);
  EXPECT_EQ(ListedFor("a1"), RevocationReason::kPrivilegeWithdrawn);
}

TEST_F(SanctionsTest, AnExitRevokesWhatItsEntrySays) {
  const Peer web = world_.Serve(10, Unit("web"), "dies");
  IssuedSvid file = SvidOf("stays", Now());
  file.revoke_on_exit = false;
  world_.Give(web, file);
  world_.processes.Exit(10);
  world_.state->Exited({10, 7}, Now());
  EXPECT_EQ(ListedFor("dies"), RevocationReason::kCessationOfOperation) << "at once, in memory";
  EXPECT_EQ(ListedFor("stays"), std::nullopt);
  EXPECT_TRUE(Eventually([&] { return world_.Notes("revoked.exit").size() == 1; }));
  world_.Start();
  EXPECT_EQ(ListedFor("dies"), RevocationReason::kCessationOfOperation);
  EXPECT_EQ(ListedFor("stays"), std::nullopt);
}

TEST_F(SanctionsTest, AStormOfExitsIsStoredAndToldInBatches) {
  constexpr pid_t kProcesses = 500;
  for (pid_t pid = 100; pid < 100 + kProcesses; ++pid)
    world_.Serve(pid, Unit("web"), "s" + std::to_string(pid));
  for (pid_t pid = 100; pid < 100 + kProcesses; ++pid) world_.state->Exited({pid, 7}, Now());
  EXPECT_THAT(world_.RevokedSerials(), SizeIs(kProcesses));
  EXPECT_TRUE(Eventually([&] { return !world_.state->revocations().Unstored(); }));
  ASSERT_TRUE(world_.state->Flush());
  EXPECT_TRUE(Eventually([&] {
    std::size_t told = 0;
    for (const Noted& one : world_.Notes("revoked.exit"))
      told += static_cast<std::size_t>(std::stoi(one.details.at("processes")));
    return told == kProcesses;
  }));
  EXPECT_LT(world_.Notes("revoked.exit").size(), 50U);
}

TEST_F(SanctionsTest, RevokesWhatIsGivenToAProcessThatHasExited) {
  const Peer web = world_.Serve(10, Unit("web"), "a1");
  const Standing standing = world_.Look(web);
  world_.processes.Exit(10);
  world_.state->Exited({10, 7}, Now());
  world_.state->sanctions().Given(web, standing, {SvidOf("late", Now())});
  EXPECT_EQ(ListedFor("late"), RevocationReason::kCessationOfOperation);
}

TEST_F(SanctionsTest, RevokesAtTheStartWhatProcessesHeldThatDiedMeanwhile) {
  world_.Serve(10, Unit("web"), "a1");
  world_.Serve(11, Unit("web"), "b1");
  ASSERT_TRUE(world_.state->Flush());
  world_.state.reset();
  world_.processes.Exit(10);
  world_.Start();
  EXPECT_EQ(ListedFor("a1"), RevocationReason::kCessationOfOperation);
  EXPECT_EQ(ListedFor("b1"), std::nullopt);
}

TEST_F(SanctionsTest, RevokesAtTheStartWhatAReusedPidHeld) {
  world_.Serve(10, Unit("web"), "a1");
  world_.state.reset();
  world_.processes.Start(10, 8);
  world_.Start();
  EXPECT_EQ(ListedFor("a1"), RevocationReason::kCessationOfOperation);
}

TEST_F(SanctionsTest, TakesNobodyForDeadWhomItCannotLookAt) {
  world_.Serve(10, Unit("web"), "a1");
  world_.state.reset();
  world_.processes.blind = true;
  world_.Start();
  EXPECT_THAT(world_.RevokedSerials(), IsEmpty());
}

TEST_F(SanctionsTest, RevokesAfterABootWhatTheLastOneHeld) {
  world_.Serve(10, Unit("web"), "a1");
  const Peer filing = world_.Serve(11, Unit("web"), "b1");
  IssuedSvid file = SvidOf("stays", Now());
  file.revoke_on_exit = false;
  world_.Give(filing, file);
  world_.clock.Reboot(minutes(1));
  // The same pids and start times are somebody else's by now.
  world_.Start("boot-2");
  EXPECT_EQ(ListedFor("a1"), RevocationReason::kCessationOfOperation);
  EXPECT_EQ(ListedFor("b1"), RevocationReason::kCessationOfOperation);
  EXPECT_EQ(ListedFor("stays"), std::nullopt);
}

RecordedTurn TurnWith(pid_t pid, Moment at, const IssuedSvid& svid,
                      const std::string& boot = "boot-1") {
  return {.sequence = 1,
          .boot_id = boot,
          .at = at,
          .process = {pid, 7},
          .lineage = Unit("web"),
          .action = Action::kIssue,
          .verdict = Verdict::kAllow,
          .minted = {svid}};
}

TEST_F(SanctionsTest, LearnsAgainWhatWasGivenAndNotStored) {
  const Peer web = world_.processes.Start(10);
  world_.lineages.now[10] = Unit("web");
  world_.Start("boot-1", false);
  const std::vector turns{TurnWith(10, Now(), SvidOf("alive", Now())),
                          TurnWith(11, Now(), SvidOf("dead", Now())),
                          TurnWith(12, Now(), SvidOf("before", Now()), "boot-0")};
  world_.state->Restore(turns);
  world_.state->Ready(Now());
  EXPECT_EQ(ListedFor("alive"), std::nullopt);
  EXPECT_EQ(ListedFor("dead"), RevocationReason::kCessationOfOperation);
  EXPECT_EQ(ListedFor("before"), RevocationReason::kCessationOfOperation);
  ASSERT_TRUE(Revoke(web));
  EXPECT_EQ(ListedFor("alive"), RevocationReason::kPrivilegeWithdrawn);
}

TEST_F(SanctionsTest, LearnsNothingThatHasExpired) {
  world_.Start("boot-1", false);
  const Moment then = Now();
  world_.clock.Advance(hours(1) + Seconds(1));
  const std::vector turns{TurnWith(10, then, SvidOf("old", then)),
                          TurnWith(11, then, SvidOf("older", then), "boot-0")};
  world_.state->Restore(turns);
  world_.state->Ready(Now());
  EXPECT_THAT(world_.RevokedSerials(), IsEmpty());
}

TEST_F(SanctionsTest, RevokesWhatItLearnsOfALineageInQuarantine) {
  const Peer web = world_.Serve(10, Unit("web"), "a1");
  ASSERT_TRUE(Quarantine(web));
  world_.Start("boot-1", false);
  const std::vector turns{TurnWith(10, Now(), SvidOf("lost", Now())),
                          TurnWith(10, Now(), SvidOf("a1", Now()))};
  world_.state->Restore(turns);
  world_.state->Ready(Now());
  EXPECT_EQ(ListedFor("lost"), RevocationReason::kPrivilegeWithdrawn);
  EXPECT_EQ(ListedFor("a1"), RevocationReason::kPrivilegeWithdrawn) << "as it was";
}

TEST_F(SanctionsTest, AnExpiredQuarantineIsToldAndForgivesNoScope) {
  const Peer jumper = world_.Serve(10, Unit("web"), "a1");
  const Peer quiet = world_.Serve(11, Unit("web"), "b1");
  ASSERT_TRUE(Pin(jumper, "/a"));
  ASSERT_TRUE(Pin(quiet, "/a"));
  ASSERT_TRUE(Quarantine(jumper, Seconds(60)));
  world_.woken.clear();
  world_.clock.Advance(Seconds(60));
  EXPECT_THAT(world_.Look(quiet).quarantines, IsEmpty()) << "also before the tick";
  world_.state->Tick(Now(), 0);
  EXPECT_THAT(world_.ended, ElementsAre(Unit("web").id));
  EXPECT_THAT(world_.woken, UnorderedElementsAre(ProcessKey{10, 7}, ProcessKey{11, 7}));
  EXPECT_THAT(world_.Notes("quarantine.expired"), SizeIs(1));
  EXPECT_TRUE(Pinned(jumper));
  EXPECT_TRUE(Pinned(quiet)) << "or a jump could be sat out";
  world_.state->Tick(Now(), 0);
  EXPECT_THAT(world_.Notes("quarantine.expired"), SizeIs(1)) << "told once";
}

TEST_F(SanctionsTest, RevokesTheOldestOfAProcessThatHoldsTooMany) {
  const Peer web = world_.Serve(10, Unit("web"), "first");
  const Standing standing = world_.Look(web);
  world_.clock.Advance(Seconds(1));
  for (int i = 0; i < 1'024; ++i)
    world_.state->sanctions().Given(web, standing, {SvidOf("s" + std::to_string(i), Now())});
  EXPECT_THAT(world_.RevokedSerials(), ElementsAre("first"));
  EXPECT_EQ(ListedFor("first"), RevocationReason::kSuperseded);
}

}  // namespace
}  // namespace surety
