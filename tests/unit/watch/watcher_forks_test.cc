#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <thread>

#include "tests/unit/attestors/child_process.h"
#include "tests/unit/watch/forking_child.h"
#include "tests/unit/watch/watching.h"

namespace surety::testing {
namespace {

// True once the fork of `child` was told, by `parent` or by one who was told of as its child.
bool WaitForDescendant(Recorder& recorder, const ProcessKey& parent, const ProcessKey& child) {
  return Eventually([&] {
    const auto forks = recorder.forks();
    return std::any_of(forks.begin(), forks.end(), [&](const auto& fork) {
      const bool known =
          fork.first == parent || std::any_of(forks.begin(), forks.end(), [&](const auto& earlier) {
            return earlier.second == fork.first;
          });
      return fork.second == child && known;
    });
  });
}

class WatcherForks : public ::testing::TestWithParam<bool> {
 protected:
  static WatchOptions Options() { return GetParam() ? EventsAlone() : SweepsAlone(); }
};
INSTANTIATE_TEST_SUITE_P(Modes, WatcherForks, ::testing::Bool(), [](const auto& test) {
  return std::string(test.param ? "ByEvents" : "BySweep");
});

TEST_P(WatcherForks, AChildIsTold) {
  ForkedPids forked;
  ActingChild child({[&] { return forked.ForkOne(); }});
  Watching watching(Options());
  const auto key = watching.Follow(child.pid());
  ASSERT_EQ(child.Do(0), 0);
  const pid_t made = forked.Next();
  const KillAtEnd end(made);
  EXPECT_TRUE(watching.recorder().WaitForFork(key, watching.KeyOf(made)));
}

TEST_P(WatcherForks, ChildrenThatWereThereBeforeAreTold) {
  ForkedPids forked;
  ActingChild child({[&] { return forked.ForkOne(); }});
  ASSERT_EQ(child.Do(0), 0);
  const pid_t made = forked.Next();
  const KillAtEnd end(made);
  Watching watching(Options());
  const auto key = watching.Follow(child.pid());
  EXPECT_TRUE(watching.recorder().WaitForFork(key, watching.KeyOf(made)));
}

TEST_P(WatcherForks, AChildOfAChildIsTold) {
  ForkedPids forked;
  const auto fork_two = [&] {
    const pid_t made = ::fork();
    if (made == 0) {
      ::prctl(PR_SET_PDEATHSIG, SIGKILL);
      forked.ForkOne();
      for (;;) ::pause();
    }
    return made > 0;
  };
  ActingChild child({fork_two});
  Watching watching(Options());
  const auto key = watching.Follow(child.pid());
  ASSERT_EQ(child.Do(0), 0);
  const pid_t made = forked.Next();
  const KillAtEnd end(made);
  EXPECT_TRUE(WaitForDescendant(watching.recorder(), key, watching.KeyOf(made)));
}

// Its parent lives for some microseconds: a look at /proc comes too late.
TEST(WatcherForksByEvents, AnOrphanedGrandchildIsTold) {
  for (int i = 0; i < 30; ++i) {
    ForkedPids forked;
    ActingChild child({[&] { return forked.ForkAnOrphan(); }});
    Watching watching(EventsAlone());
    const auto key = watching.Follow(child.pid());
    ASSERT_EQ(child.Do(0), 0);
    const pid_t made = forked.Next();
    const KillAtEnd end(made);
    ASSERT_TRUE(WaitForDescendant(watching.recorder(), key, watching.KeyOf(made)));
  }
}

// Who asks is answered before the next portion of newborns is due.
TEST(WatcherForksByEvents, AnOrphanedGrandchildIsToldByTheTimeItsBirthIsHeardOf) {
  for (int i = 0; i < 30; ++i) {
    ForkedPids forked;
    ActingChild child({[&] { return forked.ForkAnOrphan(); }});
    Watching watching(EventsAlone());
    watching.Follow(child.pid());
    ASSERT_EQ(child.Do(0), 0);
    const pid_t made = forked.Next();
    const KillAtEnd end(made);
    const auto orphan = MakeLinuxProcessOpener()->OpenByPid(made);
    ASSERT_TRUE(orphan);
    (*watching).HearOfBirth(**orphan);
    const auto forks = watching.recorder().forks();
    EXPECT_TRUE(std::any_of(forks.begin(), forks.end(), [&](const auto& fork) {
      return fork.second == (*orphan)->key();
    })) << i;
  }
}

TEST(WatcherForksByEvents, AGrandchildIsToldAfterTheFollowedProcessHasExited) {
  ForkedPids forked;
  std::array<int, 2> ends{};
  ASSERT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
  const auto fork_waiting = [&] {
    const pid_t made = ::fork();
    if (made == 0) {
      char byte = 0;
      if (::read(ends[0], &byte, 1) == 1) forked.ForkOne();
      ::_exit(0);
    }
    return made > 0;
  };
  ActingChild child({fork_waiting});
  Watching watching(EventsAlone());
  const auto key = watching.Follow(child.pid());
  ASSERT_EQ(child.Do(0), 0);
  ASSERT_TRUE(Eventually([&] { return watching.recorder().forks().size() == 1; }));
  child.KillAndReap();
  ASSERT_TRUE(watching.recorder().WaitForExit(key));
  ASSERT_EQ(::write(ends[1], "x", 1), 1);
  const pid_t made = forked.Next();
  const KillAtEnd end(made);
  EXPECT_TRUE(WaitForDescendant(watching.recorder(), key, watching.KeyOf(made)));
  ::close(ends[0]);
  ::close(ends[1]);
}

TEST(WatcherForksByEvents, ThreadsAndStrangersAreNotTold) {
  ForkedPids forked;
  const auto make_thread = [] {
    std::thread([] {}).join();
    return true;
  };
  ActingChild child({make_thread, [&] { return forked.ForkOne(); }});
  Watching watching(EventsAlone());
  const auto key = watching.Follow(child.pid());
  ASSERT_EQ(child.Do(0), 0);
  const auto stranger = Child::Sleeping();
  ASSERT_EQ(child.Do(1), 0);
  const pid_t made = forked.Next();
  const KillAtEnd end(made);
  ASSERT_TRUE(watching.recorder().WaitForFork(key, watching.KeyOf(made)));
  EXPECT_EQ(watching.recorder().forks().size(), 1U);
}

// The pid of a dead child is given to a stranger, who forks.
TEST(WatcherForksByEvents, WhoeverGetsTheirPidIsNoKin) {
  ForkedPids forked;
  const auto fork_reaped = [&] {
    ::signal(SIGCHLD, SIG_IGN);
    return forked.ForkOne();
  };
  ActingChild child({fork_reaped});
  Watching watching(EventsAlone());
  const auto key = watching.Follow(child.pid());
  ASSERT_EQ(child.Do(0), 0);
  const pid_t made = forked.Next();
  ASSERT_TRUE(watching.recorder().WaitForFork(key, watching.KeyOf(made)));
  ::kill(made, SIGKILL);
  const auto stranger = HeirOf(made);
  ASSERT_EQ(child.Do(0), 0);
  const pid_t last = forked.Next();
  const KillAtEnd end(last);
  ASSERT_TRUE(watching.recorder().WaitForFork(key, watching.KeyOf(last)));
  EXPECT_EQ(watching.recorder().forks().size(), 2U);
}

}  // namespace
}  // namespace surety::testing
