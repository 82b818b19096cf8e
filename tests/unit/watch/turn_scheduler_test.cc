#include "agent/watch/turn_scheduler.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <thread>

#include "agent/watch/system_clock.h"
#include "tests/fakes/eventually.h"

namespace surety {
namespace {

using std::chrono::milliseconds;

class FunctionTurn final : public ScheduledTurn {
 public:
  using Body = std::function<std::optional<BootTime>(Moment)>;
  explicit FunctionTurn(Body body, pid_t pid = 1) : body_(std::move(body)), pid_(pid) {}
  std::optional<BootTime> Take(Moment now) override {
    ++taken;
    return body_(now);
  }
  [[nodiscard]] ProcessKey process() const override { return {.pid = pid_, .start_ticks = 1}; }
  [[nodiscard]] uid_t share() const override { return 0; }
  std::atomic<int> taken = 0;

 private:
  const Body body_;
  const pid_t pid_;
};

using fakes::Eventually;

class TurnSchedulerTest : public ::testing::Test {
 protected:
  std::shared_ptr<FunctionTurn> Never(pid_t pid = 1) {
    return std::make_shared<FunctionTurn>(
        [](Moment now) { return now.boot + std::chrono::hours(1); }, pid);
  }
  SystemClock clock_;
  std::unique_ptr<TurnScheduler> scheduler_ = *TurnScheduler::Start(clock_, 3);
};

TEST_F(TurnSchedulerTest, TakesTheFirstTurnAtOnceAndLaterOnesWhenDue) {
  const auto turn =
      std::make_shared<FunctionTurn>([](Moment now) { return now.boot + milliseconds(20); });
  const auto begun = clock_.Now().boot;
  scheduler_->Add(turn);
  ASSERT_TRUE(Eventually([&] { return turn->taken == 4; }));
  EXPECT_GE(clock_.Now().boot - begun, milliseconds(60));  // 3 waits of 20 ms
}

TEST_F(TurnSchedulerTest, HurriedTurnIsTakenOnTheCallersThreadWhileNothingElseWaits) {
  std::thread::id taken_by;
  const auto turn = std::make_shared<FunctionTurn>([&](Moment now) {
    taken_by = std::this_thread::get_id();
    return now.boot + std::chrono::hours(1);
  });
  scheduler_->Add(turn);
  taken_by = {};
  scheduler_->Hurry(*turn);
  EXPECT_EQ(turn->taken, 2);
  EXPECT_EQ(taken_by, std::this_thread::get_id());
}

TEST_F(TurnSchedulerTest, TurnsThatMayWaitAreNeverTakenOnTheCallersThread) {
  scheduler_ = *TurnScheduler::Start(clock_, 3, Turns::kMayWait);
  std::atomic<bool> on_callers_thread = false;
  const auto turn =
      std::make_shared<FunctionTurn>([&, caller = std::this_thread::get_id()](Moment now) {
        if (std::this_thread::get_id() == caller) on_callers_thread = true;
        return now.boot + std::chrono::hours(1);
      });
  scheduler_->Add(turn);
  ASSERT_TRUE(Eventually([&] { return turn->taken == 1; }));
  scheduler_->Hurry(*turn);
  ASSERT_TRUE(Eventually([&] { return turn->taken == 2; }));
  scheduler_->Stop();
  EXPECT_FALSE(on_callers_thread);
}

TEST_F(TurnSchedulerTest, HurriedTurnThatIsBeingTakenIsTakenOnceMore) {
  std::atomic<bool> go_on = false;
  const auto turn = std::make_shared<FunctionTurn>([&](Moment now) {
    while (!go_on) std::this_thread::yield();
    return now.boot + std::chrono::hours(1);
  });
  std::thread first([&] { scheduler_->Add(turn); });
  ASSERT_TRUE(Eventually([&] { return turn->taken == 1; }));
  scheduler_->Hurry(*turn);
  EXPECT_EQ(turn->taken, 1);
  go_on = true;
  EXPECT_TRUE(Eventually([&] { return turn->taken == 2; }));
  first.join();
}

TEST_F(TurnSchedulerTest, TurnThatSaysNeverIsReleased) {
  auto turn = std::make_shared<FunctionTurn>([](Moment) { return std::nullopt; });
  const std::weak_ptr<FunctionTurn> weak = turn;
  scheduler_->Add(std::move(turn));
  EXPECT_TRUE(Eventually([&] { return weak.expired(); }));
}

TEST_F(TurnSchedulerTest, WakeBringsATurnForward) {
  const auto turn = Never();
  scheduler_->Add(turn);
  ASSERT_TRUE(Eventually([&] { return turn->taken == 1; }));
  scheduler_->Wake(*turn);
  EXPECT_TRUE(Eventually([&] { return turn->taken == 2; }));
}

TEST_F(TurnSchedulerTest, WakeProcessWakesItsTurnsAlone) {
  const auto mine = Never(5);
  const auto other = Never(6);
  scheduler_->Add(mine);
  scheduler_->Add(other);
  ASSERT_TRUE(Eventually([&] { return mine->taken == 1 && other->taken == 1; }));
  scheduler_->WakeProcess({.pid = 5, .start_ticks = 1});
  ASSERT_TRUE(Eventually([&] { return mine->taken == 2; }));
  EXPECT_EQ(other->taken, 1);
}

TEST_F(TurnSchedulerTest, WakeWhileRunningIsNotLost) {
  std::atomic<bool> inside = false;
  std::atomic<bool> go_on = false;
  const auto turn = std::make_shared<FunctionTurn>([&](Moment now) {
    inside = true;
    while (!go_on) std::this_thread::yield();
    return now.boot + std::chrono::hours(1);
  });
  std::thread adds([&] { scheduler_->Add(turn); });  // The first turn is taken right there.
  ASSERT_TRUE(Eventually([&] { return inside.load(); }));
  scheduler_->Wake(*turn);
  go_on = true;
  adds.join();
  EXPECT_TRUE(Eventually([&] { return turn->taken == 2; }));
  scheduler_->Stop();
}

TEST_F(TurnSchedulerTest, OneTurnIsNeverTakenByTwoThreads) {
  std::atomic<int> inside = 0;
  std::atomic<bool> overlapped = false;
  const auto turn = std::make_shared<FunctionTurn>([&](Moment now) {
    if (++inside > 1) overlapped = true;
    std::this_thread::yield();
    --inside;
    return now.boot + std::chrono::microseconds(50);
  });
  scheduler_->Add(turn);
  while (turn->taken < 2000) scheduler_->WakeAll();
  scheduler_->Stop();
  EXPECT_FALSE(overlapped);
}

TEST_F(TurnSchedulerTest, DroppedTurnIsReleasedAndNotTakenAgain) {
  auto turn = Never();
  scheduler_->Add(turn);
  ASSERT_TRUE(Eventually([&] { return turn->taken == 1; }));
  scheduler_->Drop(*turn);
  scheduler_->WakeAll();
  const std::weak_ptr<FunctionTurn> weak = turn;
  turn.reset();
  EXPECT_TRUE(Eventually([&] { return weak.expired(); }));
}

TEST_F(TurnSchedulerTest, DropFromInsideTheTurnIsHeeded) {
  std::shared_ptr<FunctionTurn> turn;
  turn = std::make_shared<FunctionTurn>([&](Moment now) {
    scheduler_->Drop(*turn);
    return now.boot;
  });
  scheduler_->Add(turn);
  ASSERT_TRUE(Eventually([&] { return turn.use_count() == 1; }));
  EXPECT_EQ(turn->taken, 1);
}

TEST_F(TurnSchedulerTest, IsAliveOnlySinceTheOldestTurnThatHangs) {
  scheduler_ = *TurnScheduler::Start(clock_, 3, Turns::kMayWait);
  std::atomic<bool> hangs = true;
  const auto hanging = std::make_shared<FunctionTurn>(
      [&](Moment now) {
        hangs.wait(true);
        return now.boot + std::chrono::hours(1);
      },
      1);
  scheduler_->Add(hanging);
  ASSERT_TRUE(Eventually([&] { return hanging->taken == 1; }));
  const auto hanging_since = clock_.Now().boot;

  const auto other = Never(2);
  scheduler_->Add(other);
  ASSERT_TRUE(Eventually([&] { return other->taken == 1; }));
  EXPECT_LE(scheduler_->last_alive(), hanging_since);

  hangs = false;
  hangs.notify_all();
  EXPECT_TRUE(Eventually([&] { return scheduler_->last_alive() > hanging_since; }));
}

TEST_F(TurnSchedulerTest, AnIdlePoolIsAlive) {
  const auto before = clock_.Now().boot;
  EXPECT_TRUE(Eventually([&] { return scheduler_->last_alive() > before; }));
}

TEST_F(TurnSchedulerTest, NoTurnIsTakenAfterStop) {
  const auto turn = std::make_shared<FunctionTurn>([](Moment now) { return now.boot; });
  scheduler_->Add(turn);
  ASSERT_TRUE(Eventually([&] { return turn->taken > 10; }));
  scheduler_->Stop();
  const int taken = turn->taken;
  std::this_thread::sleep_for(milliseconds(20));
  EXPECT_EQ(turn->taken, taken);
}

TEST_F(TurnSchedulerTest, ManyTurnsFromManyThreads) {
  constexpr int kTurns = 500;
  std::vector<std::shared_ptr<FunctionTurn>> turns;
  for (int i = 0; i < kTurns; ++i) turns.push_back(Never(i));
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&, t] {
      for (int i = t; i < kTurns; i += 4) {
        scheduler_->Add(turns[static_cast<std::size_t>(i)]);
        scheduler_->WakeAll();
        if (i % 3 == 0) scheduler_->Drop(*turns[static_cast<std::size_t>(i)]);
      }
    });
  for (auto& thread : threads) thread.join();
  // What is ready no more may still be about to be taken.
  for (int i = 0; i < kTurns; ++i) {
    if (i % 3 == 0) continue;
    EXPECT_TRUE(Eventually([&] { return turns[static_cast<std::size_t>(i)]->taken >= 1; })) << i;
  }
}

}  // namespace
}  // namespace surety
