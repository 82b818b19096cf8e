#include <grp.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <thread>

#include "tests/unit/attestors/child_process.h"
#include "tests/unit/watch/watching.h"

namespace surety::testing {
namespace {

// Two different programs that sleep, and the same one again.
bool Sleep() { return ::execl("/bin/sleep", "sleep", "100", nullptr) == 0; }
bool Shell() { return ::execl("/bin/sh", "sh", "-c", "read x; exec sleep 100", nullptr) == 0; }
bool SetUser() { return ::syscall(SYS_setresuid, 65534, 65534, 65534) == 0; }
bool SetGroup() { return ::syscall(SYS_setresgid, 65534, 65534, 65534) == 0; }
bool SetSession() { return ::setsid() >= 0; }

TEST(WatcherEvents, ComeOnThisHost) {
  Watching watching(EventsAlone());
  EXPECT_EQ(watching->Status().mode, WakeMode::kEvents);
  EXPECT_EQ(watching->Status().why_no_events, "");
}

TEST(WatcherEvents, TellOfAnExec) {
  ActingChild child({Sleep});
  Watching watching(EventsAlone());
  watching.Follow(child.pid());
  watching.ExpectChange(child, 0, WakeReason::kExec, "exec");
}

TEST(WatcherEvents, TellOfAnotherUser) {
  ActingChild child({SetUser});
  Watching watching(EventsAlone());
  watching.Follow(child.pid());
  watching.ExpectChange(child, 0, WakeReason::kUser, "setresuid");
}

TEST(WatcherEvents, TellOfAnotherGroup) {
  ActingChild child({SetGroup});
  Watching watching(EventsAlone());
  watching.Follow(child.pid());
  watching.ExpectChange(child, 0, WakeReason::kGroup, "setresgid");
}

TEST(WatcherEvents, TellOfASessionOfItsOwn) {
  ActingChild child({SetSession});
  Watching watching(EventsAlone());
  watching.Follow(child.pid());
  watching.ExpectChange(child, 0, WakeReason::kSession, "setsid");
}

TEST(WatcherEvents, TellOfATracer) {
  ActingChild child({SetSession});
  Watching watching(EventsAlone());
  const auto key = watching.Follow(child.pid());
  // Once a change has been told, events of this process pass.
  watching.ExpectChange(child, 0, WakeReason::kSession, "setsid");
  const auto begun = std::chrono::steady_clock::now();
  ASSERT_EQ(::ptrace(PTRACE_SEIZE, child.pid(), nullptr, nullptr), 0);
  EXPECT_TRUE(watching.recorder().WaitForChange(key, WakeReason::kTraced));
  watching.PrintLatency(key, WakeReason::kTraced, begun, "ptrace");
  EXPECT_TRUE(watching.recorder().WaitForTracer(key, ::gettid()));
}

// No look at the process shows it, so the event has to pass: which it does once
// something else has been told.
TEST(WatcherEvents, TellWhatAThreadDidToItself) {
  const auto act = [] {
    bool done = false;
    std::thread([&done] { done = SetUser(); }).join();
    return done;
  };
  ActingChild child({act, SetSession});
  Watching watching(EventsAlone());
  watching.Follow(child.pid());
  watching.ExpectChange(child, 1, WakeReason::kSession, "setsid");
  watching.ExpectChange(child, 0, WakeReason::kUser, "a thread's setresuid");
}

TEST(WatcherEvents, TellOfAnExecRightAfterFollowing) {
  for (int i = 0; i < 20; ++i) {
    ActingChild child({Sleep});
    Watching watching(EventsAlone());
    const auto key = watching.Follow(child.pid());
    ASSERT_EQ(child.Do(0), 0);
    ASSERT_TRUE(watching.recorder().WaitForChange(key, WakeReason::kExec));
  }
}

// One thread follows one process after the other while all of them exec: whatever
// is between Follow and the filter is found.
TEST(WatcherEvents, MissNoExecWhileManyAreFollowed) {
  constexpr int kMany = 60;
  Watching watching(EventsAlone());
  std::vector<std::unique_ptr<ActingChild>> children;
  std::vector<ProcessKey> keys;
  for (int i = 0; i < kMany; ++i) {
    children.push_back(std::make_unique<ActingChild>(std::vector<ActingChild::Act>{Sleep}));
    keys.push_back(watching.Follow(children.back()->pid()));
    ASSERT_EQ(children.back()->Do(0), 0);
  }
  for (const auto& key : keys)
    EXPECT_TRUE(watching.recorder().WaitForChange(key, WakeReason::kExec)) << key.pid;
}

TEST(WatcherEvents, ExecOfTheSameProgramIsOneToo) {
  ActingChild child({Sleep});
  ASSERT_EQ(child.Do(0), 0);
  ActingChild shell({Shell});
  Watching watching(EventsAlone());
  const auto key = watching.Follow(shell.pid());
  ASSERT_EQ(shell.Do(0), 0);
  EXPECT_TRUE(watching.recorder().WaitForChange(key, WakeReason::kExec));
}

TEST(WatcherEvents, AnExitIsToldOnceAndReleasesTheProcess) {
  ActingChild child({});
  Watching watching(EventsAlone());
  auto process = watching.opener().OpenByPid(child.pid());
  ASSERT_TRUE(process);
  const std::weak_ptr<const ProcessHandle> held = *process;
  const auto key = (*process)->key();
  watching->Follow(*std::move(process));
  process = Error(ErrorCode::kPeerGone, "let go");
  EXPECT_FALSE(held.expired());
  const auto begun = std::chrono::steady_clock::now();
  child.KillAndReap();
  ASSERT_TRUE(watching.recorder().WaitForExit(key));
  std::cout
      << "[ latency  ] exit: "
      << std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begun).count()
      << " ms\n";
  EXPECT_TRUE(Eventually([&] { return held.expired(); }));
  EXPECT_EQ(watching->Status().followed, 0U);
  EXPECT_EQ(watching.recorder().exits().size(), 1U);
}

TEST(WatcherEvents, AZombieHasExited) {
  ActingChild child({[]() -> bool { ::_exit(0); }});
  Watching watching(EventsAlone());
  const auto key = watching.Follow(child.pid());
  child.Do(0);
  EXPECT_TRUE(watching.recorder().WaitForExit(key));
}

TEST(WatcherEvents, FollowingAProcessThatHasExitedTellsOfItsExit) {
  ActingChild child({});
  Watching watching(EventsAlone());
  const auto process = watching.opener().OpenByPid(child.pid());
  ASSERT_TRUE(process);
  child.KillAndReap();
  watching->Follow(*process);
  EXPECT_TRUE(watching.recorder().WaitForExit((*process)->key()));
}

// What happens while the filter is made may be told twice: by the look and by the event.
// Once a change of a later one has been told, the filter knows both.
TEST(WatcherEvents, FollowingTwiceTellsOnce) {
  ActingChild child({Sleep});
  ActingChild later({SetSession});
  Watching watching(EventsAlone());
  const auto key = watching.Follow(child.pid());
  watching.Follow(child.pid());
  EXPECT_EQ(watching->Status().followed, 1U);
  watching.Follow(later.pid());
  watching.ExpectChange(later, 0, WakeReason::kSession, "setsid");
  ASSERT_EQ(child.Do(0), 0);
  ASSERT_TRUE(watching.recorder().WaitForChange(key, WakeReason::kExec));
  child.KillAndReap();
  ASSERT_TRUE(watching.recorder().WaitForExit(key));
  EXPECT_EQ(watching.recorder().ChangesOf(key), 1U);
  EXPECT_EQ(watching.recorder().exits().size(), 1U);
}

}  // namespace
}  // namespace surety::testing
