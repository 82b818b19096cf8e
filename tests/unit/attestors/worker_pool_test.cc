#include "attestors/worker_pool.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <future>
#include <thread>
#include <vector>

#include "tests/unit/attestors/child_process.h"

namespace surety {
namespace {

using Submission = WorkerPool::Submission;
using std::chrono::milliseconds;
using testing::Eventually;

WorkerPool::Limits Small() {
  WorkerPool::Limits limits;
  limits.threads = 4;
  limits.threads_per_share = 2;
  limits.queue = 8;
  limits.queue_per_share = 3;
  limits.grace = milliseconds(50);
  return limits;
}

// Work that hangs until it is let go; shared, since it may outlive the pool.
struct Gate {
  std::promise<void> open;
  std::shared_future<void> opened = open.get_future().share();
  std::atomic<int> inside = 0;

  static WorkerPool::Work Hang(const std::shared_ptr<Gate>& gate) {
    return [gate](const std::stop_token&) {
      ++gate->inside;
      gate->opened.wait();
      --gate->inside;
    };
  }
};

TEST(WorkerPool, DoesWorkAndThreadsEndWhenIdle) {
  auto limits = Small();
  limits.idle = milliseconds(1);
  WorkerPool pool(limits);
  for (int round = 0; round < 20; ++round) {
    auto done = std::make_shared<std::promise<void>>();
    ASSERT_NE(pool.Submit(1, [done](const std::stop_token&) { done->set_value(); }),
              Submission::kRefused);
    ASSERT_EQ(done->get_future().wait_for(std::chrono::seconds(10)), std::future_status::ready);
    std::this_thread::sleep_for(milliseconds(2));
  }
}

TEST(WorkerPool, ShareThatHangsLeavesThreadsToOthers) {
  const auto gate = std::make_shared<Gate>();
  WorkerPool pool(Small());
  EXPECT_EQ(pool.Submit(1, Gate::Hang(gate)), Submission::kStarted);
  EXPECT_EQ(pool.Submit(1, Gate::Hang(gate)), Submission::kStarted);
  ASSERT_TRUE(Eventually([&] { return gate->inside == 2; }));
  for (int i = 0; i < 3; ++i) EXPECT_EQ(pool.Submit(1, Gate::Hang(gate)), Submission::kQueued);
  EXPECT_EQ(pool.Submit(1, Gate::Hang(gate)), Submission::kRefused);

  auto done = std::make_shared<std::promise<void>>();
  EXPECT_EQ(pool.Submit(2, [done](const std::stop_token&) { done->set_value(); }),
            Submission::kStarted);
  EXPECT_EQ(done->get_future().wait_for(std::chrono::seconds(10)), std::future_status::ready);
  EXPECT_EQ(gate->inside, 2);
  EXPECT_FALSE(pool.Quiet());
  gate->open.set_value();
  EXPECT_TRUE(Eventually([&] { return gate->inside == 0 && pool.Quiet(); }));
}

TEST(WorkerPool, ThreadsAndQueueAreBounded) {
  const auto gate = std::make_shared<Gate>();
  WorkerPool pool(Small());
  for (uid_t share = 0; share < 12; ++share) {
    EXPECT_NE(pool.Submit(share, Gate::Hang(gate)), Submission::kRefused) << share;
    ASSERT_TRUE(
        Eventually([&] { return gate->inside == static_cast<int>(std::min(4U, share + 1)); }));
  }
  // 4 of 12 run, 8 wait: full.
  EXPECT_EQ(pool.Submit(99, Gate::Hang(gate)), Submission::kRefused);
  gate->open.set_value();
  EXPECT_TRUE(Eventually([&] { return gate->inside == 0; }));
}

TEST(WorkerPool, SharesTakeTurns) {
  auto limits = Small();
  limits.threads = 1;
  limits.queue_per_share = 8;
  WorkerPool pool(limits);
  const auto gate = std::make_shared<Gate>();
  pool.Submit(1, Gate::Hang(gate));
  ASSERT_TRUE(Eventually([&] { return gate->inside == 1; }));

  const auto order = std::make_shared<std::vector<uid_t>>();
  const auto noted = std::make_shared<std::atomic<int>>(0);
  const auto note = [&](uid_t share) {
    return [order, noted, share](const std::stop_token&) {
      order->push_back(share);
      ++*noted;
    };
  };
  for (int i = 0; i < 4; ++i) pool.Submit(1, note(1));
  pool.Submit(2, note(2));
  gate->open.set_value();
  ASSERT_TRUE(Eventually([&] { return *noted == 5; }));
  // Asked for last of five, served first: share 1 had its turn with the gate.
  EXPECT_EQ(*order, (std::vector<uid_t>{2, 1, 1, 1, 1}));
}

TEST(WorkerPool, DestructionAsksToStopAndIsNotHeldUp) {
  const auto gate = std::make_shared<Gate>();
  const auto started = std::make_shared<std::atomic<bool>>(false);
  const auto stopped = std::make_shared<std::atomic<bool>>(false);
  const auto begin = std::chrono::steady_clock::now();
  {
    WorkerPool pool(Small());
    pool.Submit(1, Gate::Hang(gate));
    pool.Submit(2, [started, stopped](const std::stop_token& stop) {
      *started = true;
      while (!stop.stop_requested()) std::this_thread::yield();
      *stopped = true;
    });
    ASSERT_TRUE(Eventually([&] { return gate->inside == 1 && *started; }));
  }
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(5));
  EXPECT_TRUE(Eventually([&] { return stopped->load(); }));
  gate->open.set_value();
  EXPECT_TRUE(Eventually([&] { return gate->inside == 0; }));
}

TEST(WorkerPool, WorkThatWaitsIsFreedWithThePool) {
  const auto gate = std::make_shared<Gate>();
  auto owned = std::make_shared<int>(1);
  const std::weak_ptr<int> watch = owned;
  {
    WorkerPool pool(Small());
    pool.Submit(1, Gate::Hang(gate));
    pool.Submit(1, Gate::Hang(gate));
    pool.Submit(1, [owned = std::move(owned)](const std::stop_token&) { ++*owned; });
    EXPECT_FALSE(watch.expired());
  }
  EXPECT_TRUE(watch.expired());
  gate->open.set_value();
}

}  // namespace
}  // namespace surety
