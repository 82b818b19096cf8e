// All that is remembered, put together, over restarts of the daemon.

#include "agent/record/state.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>

#include "tests/unit/record/state_support.h"

namespace surety {
namespace {

using ::testing::HasSubstr;

const Scope kScope{.selectors = {{"unix", "uid:1"}}};

class StateTest : public testing::Test {
 protected:
  StateTest() { world_.Start(); }
  [[nodiscard]] Moment Now() const { return world_.clock.Now(); }
  StateWorld world_;
};

TEST_F(StateTest, IsNotWholeBeforeItIsReady) {
  const Peer web = world_.processes.Start(10);
  world_.lineages.now[10] = Unit("web");
  world_.Start("boot-1", false);
  EXPECT_TRUE(world_.Look(web).starting);
  world_.state->Ready(Now());
  EXPECT_FALSE(world_.Look(web).starting);
}

TEST_F(StateTest, ForgetsAProcessEverywhereWhenItExits) {
  const Peer web = world_.Serve(10, Unit("web"), "a1");
  ASSERT_TRUE(world_.state->scopes().Pin(web, kScope));
  world_.processes.Exit(10);
  world_.state->Exited({10, 7}, Now());
  EXPECT_FALSE(world_.state->scopes().Find({10, 7}));
  EXPECT_FALSE(world_.state->lineages().Knows({10, 7}));
  EXPECT_THAT(world_.RevokedSerials(), testing::ElementsAre("a1"));
}

TEST_F(StateTest, FindsOutOnceAMinuteWhoHasExitedUnnoticed) {
  ASSERT_TRUE(world_.state->scopes().Pin(world_.Serve(10, Unit("web"), "a1"), kScope));
  ASSERT_TRUE(world_.state->scopes().Pin(world_.Serve(11, Unit("web"), "b1"), kScope));
  world_.processes.Exit(10);
  world_.state->Tick(Now(), 0);
  EXPECT_TRUE(world_.state->scopes().Find({10, 7}));
  world_.clock.Advance(minutes(1));
  world_.state->Tick(Now(), 0);
  EXPECT_FALSE(world_.state->scopes().Find({10, 7}));
  EXPECT_FALSE(world_.state->lineages().Knows({10, 7}));
  EXPECT_TRUE(world_.state->scopes().Find({11, 7}));
  EXPECT_THAT(world_.RevokedSerials(), testing::ElementsAre("a1"));
}

TEST_F(StateTest, DropsOnceAMinuteWhatHasExpired) {
  const Peer web = world_.Serve(10, Unit("web"), "a1");
  const Standing standing = world_.Look(web);
  ASSERT_TRUE(world_.state->sanctions().Revoke({{10, 7}, standing, "", "r", "d"},
                                               RevocationReason::kPrivilegeWithdrawn, Now()));
  world_.clock.Advance(hours(2));
  world_.state->Tick(Now(), 0);
  ASSERT_TRUE(world_.state->Flush());
  EXPECT_FALSE(world_.state->revocations().Lists({"a1", "ca01"}));
}

TEST_F(StateTest, NotesTheAuditSequenceAsTimeGoesBy) {
  world_.state->Tick(Now(), 100);
  world_.clock.Advance(Seconds(11));
  world_.state->Tick(Now(), 150);
  ASSERT_TRUE(world_.state->Flush());
  EXPECT_EQ(world_.state->stored_audit_sequence(), 100U);
  world_.Start("boot-1", false);
  EXPECT_EQ(world_.state->stored_audit_sequence(), 100U);
}

TEST_F(StateTest, CountsATimeOffOnTheQuarantinesItHas) {
  ASSERT_TRUE(world_.state->sanctions().AddQuarantine(
      {.lineage = Unit("web").id, .duration = Seconds(600)}, {.uid = 0, .reason = "r"}, Now()));
  world_.clock.Advance(Seconds(60));
  world_.state.reset();  // Notes both clocks a last time.
  world_.clock.Reboot(Seconds(100));
  world_.Start("boot-2");
  const auto all = world_.state->quarantines().All(Now());
  ASSERT_EQ(all.size(), 1U);
  EXPECT_EQ(all[0].until, Now().wall + Seconds(600 - 60 - 100));
}

TEST_F(StateTest, TellsWhatWasDroppedAtItsOpening) {
  ASSERT_TRUE(world_.state->sanctions().AddQuarantine({.lineage = "login:5"},
                                                      {.uid = 0, .reason = "r"}, Now()));
  world_.clock.Reboot(Seconds(1));
  world_.Start("boot-2");
  EXPECT_THAT(world_.state->notes(), testing::ElementsAre(HasSubstr("login:5")));
}

TEST_F(StateTest, IsWell) { EXPECT_EQ(world_.state->Degraded(), ""); }

TEST_F(StateTest, GivesCrlNumbersThatRiseForEachIssuer) {
  auto& numbers = world_.state->crl_numbers();
  EXPECT_EQ(*numbers.Next("ca01"), 1U);
  EXPECT_EQ(*numbers.Next("ca01"), 2U);
  EXPECT_EQ(*numbers.Next("ca02"), 1U);
  EXPECT_EQ(*numbers.Next("ca01", 1'000), 1'000U) << "as its file says";
  EXPECT_EQ(*numbers.Next("ca01", 5), 1'001U);
  world_.clock.Reboot(Seconds(1));
  world_.Start("boot-2");
  EXPECT_EQ(*world_.state->crl_numbers().Next("ca01"), 1'002U);
}

TEST(BootId, IsThatOfTheKernel) {
  const auto id = ReadBootId();
  ASSERT_TRUE(id);
  EXPECT_EQ(id->size(), 36U);
  EXPECT_EQ(*id, *ReadBootId());
}

TEST_F(StateTest, StandsManyThreadsAtOnce) {
  std::atomic<bool> stop = false;
  std::vector<std::thread> threads;
  for (pid_t thread = 0; thread < 4; ++thread) {
    const pid_t first = 1'000 + thread * 1'000;
    for (pid_t pid = first; pid < first + 100; ++pid)
      world_.lineages.now[pid] = Unit("u" + std::to_string(pid % 7));
  }
  for (pid_t thread = 0; thread < 4; ++thread)
    threads.emplace_back([this, first = 1'000 + thread * 1'000] {
      for (pid_t pid = first; pid < first + 100; ++pid) {
        const Peer peer = world_.processes.Start(pid);
        world_.Give(peer, SvidOf("s" + std::to_string(pid), Now()));
        EXPECT_TRUE(world_.state->scopes().Pin(peer, kScope));
        const Standing standing = world_.Look(peer);
        const std::string reason = "drift";
        const Sentence sentence{peer.process->key(), standing, "", reason, reason};
        auto& sanctions = world_.state->sanctions();
        if (pid % 10 == 0) {
          EXPECT_TRUE(sanctions.Quarantine(sentence, Seconds(60), Now()));
        } else if (pid % 5 == 1) {
          EXPECT_TRUE(sanctions.Revoke(sentence, RevocationReason::kPrivilegeWithdrawn, Now()));
        }
        if (pid % 3 == 0) world_.state->Exited(peer.process->key(), Now());
        world_.state->Forked(peer.process->key(), {pid + 500, 7});
      }
    });
  threads.emplace_back([this, &stop] {
    while (!stop) {
      world_.state->Tick(Now(), 1);
      EXPECT_EQ(world_.state->Degraded(), "");
      static_cast<void>(world_.RevokedSerials());
      world_.clock.Advance(std::chrono::milliseconds(10));
      std::this_thread::yield();
    }
  });
  for (std::size_t i = 0; i < 4; ++i) threads[i].join();
  stop = true;
  threads.back().join();
  world_.Start();
  EXPECT_THAT(world_.RevokedSerials(), testing::Contains("s1000"));
}

}  // namespace
}  // namespace surety
