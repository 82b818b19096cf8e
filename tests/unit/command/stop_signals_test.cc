#include "agent/command/stop_signals.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>

#include "agent/command/waiter.h"

namespace surety {
namespace {

using namespace std::chrono_literals;

TEST(StopSignals, EndsAWaitOnSigtermAndSigint) {
  for (const int signal : {SIGTERM, SIGINT}) {
    std::stop_source stop;
    const StopSignals signals(stop);
    StoppableWaiter waiter(stop.get_token());
    ASSERT_EQ(::kill(::getpid(), signal), 0);
    EXPECT_FALSE(waiter.Wait(60s));
  }
}

TEST(StopSignals, LeavesNothingBehindWithoutASignal) {
  std::stop_source stop;
  {
    const StopSignals signals(stop);
    StoppableWaiter waiter(stop.get_token());
    EXPECT_TRUE(waiter.Wait(1ms));
  }
  sigset_t blocked{};
  ASSERT_EQ(::pthread_sigmask(SIG_BLOCK, nullptr, &blocked), 0);
  EXPECT_EQ(sigismember(&blocked, SIGTERM), 0);
  EXPECT_EQ(sigismember(&blocked, SIGINT), 0);
}

}  // namespace
}  // namespace surety
