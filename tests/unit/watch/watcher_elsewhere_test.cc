#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <functional>
#include <thread>

#include "agent/watch/kernel_events.h"
#include "tests/unit/attestors/child_process.h"
#include "tests/unit/watch/watching.h"

// The watcher where the kernel gives no events: in other namespaces, without privileges.
namespace surety::testing {
namespace {

bool Sleep() { return ::execl("/bin/sleep", "sleep", "100", nullptr) == 0; }
bool SetUser() { return ::syscall(SYS_setresuid, 65534, 65534, 65534) == 0; }

// Runs `test` in a process of its own; its exit status. Threads may be made in it.
int InAnotherProcess(const std::function<int()>& test) {
  const pid_t pid = ::fork();
  if (pid == 0) ::_exit(test());
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

// 0 if the watcher has no events and says why, else a number that tells the place.
int HasNoEvents(const char* why) {
  Watching watching(EventsAlone());
  const auto status = watching->Status();
  if (status.mode != WakeMode::kSweep) return 2;
  return status.why_no_events.find(why) == std::string::npos ? 3 : 0;
}

TEST(WatcherElsewhere, InAnotherNetworkNamespaceTheSweepFindsEverything) {
  ActingChild child({Sleep});
  ActingChild user({SetUser});
  std::thread([&] {
    ASSERT_EQ(::unshare(CLONE_NEWNET), 0);
    Watching watching({.sweep_interval = std::chrono::milliseconds(20)});
    EXPECT_EQ(watching->Status().mode, WakeMode::kSweep);
    EXPECT_NE(watching->Status().why_no_events.find("network namespace"), std::string::npos)
        << watching->Status().why_no_events;
    const auto key = watching.Follow(child.pid());
    watching.Follow(user.pid());
    watching.ExpectChange(child, 0, WakeReason::kExec, "exec, another network namespace");
    watching.ExpectChange(user, 0, WakeReason::kUser, "setresuid, another network namespace");
    child.KillAndReap();
    EXPECT_TRUE(watching.recorder().WaitForExit(key));
  }).join();
}

TEST(WatcherElsewhere, InAnotherPidNamespaceTheKernelDoesNotAnswer) {
  EXPECT_EQ(InAnotherProcess([] {
              if (::unshare(CLONE_NEWPID) != 0) return 4;
              return InAnotherProcess([] { return HasNoEvents("does not answer"); });
            }),
            0);
}

// Somebody else's subscription makes events come here too, for as long as it lasts.
// The thread sanitizer's own thread would have unshare(2) refuse.
#ifndef __SANITIZE_THREAD__
TEST(WatcherElsewhere, InAnotherUserNamespaceEventsOfOthersAreNoProof) {
  const auto others = ProcConnector::Subscribe(BirthFilter(::gettid()), 1 << 16);
  ASSERT_TRUE(others) << others.error().Text();
  EXPECT_EQ(InAnotherProcess([] {
              if (::unshare(CLONE_NEWUSER) != 0) return 4;
              return HasNoEvents("does not answer");
            }),
            0);
}
#endif

TEST(WatcherElsewhere, AnUnprivilegedWatcherHasEvents) {
  EXPECT_EQ(InAnotherProcess([] {
              if (::setgroups(0, nullptr) != 0 || ::setgid(65534) != 0 || ::setuid(65534) != 0)
                return 4;
              Watching watching(EventsAlone());
              return watching->Status().mode == WakeMode::kEvents ? 0 : 2;
            }),
            0);
}

// Not even the links of another user's process can be read: ids still show.
TEST(WatcherElsewhere, AnUnprivilegedWatcherSeesIdsOfOthersChange) {
  ActingChild child({SetUser});
  EXPECT_EQ(InAnotherProcess([&] {
              if (::setgroups(0, nullptr) != 0 || ::setgid(1) != 0 || ::setuid(1) != 0) return 4;
              Watching watching(SweepsAlone());
              const auto key = watching.Follow(child.pid());
              if (child.Do(0) != 0) return 5;
              return watching.recorder().WaitForChange(key, WakeReason::kUser) ? 0 : 2;
            }),
            0);
}

TEST(KernelEvents, AreTriedAgainWhereTheyWereNotToBeHad) {
  std::thread([] {
    const UniqueFd home(::open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC));
    const UniqueFd epoll(::epoll_create1(EPOLL_CLOEXEC));
    ASSERT_EQ(::unshare(CLONE_NEWNET), 0);
    KernelEvents events(epoll.get(), 0, {},
                        {.happened = [](pid_t, WakeReason) {},
                         .traced = [](pid_t, pid_t) {},
                         .forked = [](pid_t, pid_t) {},
                         .lost = [] {}});
    const BootTime begun(std::chrono::seconds(100));
    events.Tend(begun);
    EXPECT_FALSE(events.working());
    EXPECT_TRUE(events.decided());
    ASSERT_EQ(::setns(home.get(), CLONE_NEWNET), 0);
    events.Tend(begun + std::chrono::seconds(59));
    EXPECT_FALSE(events.working());
    EXPECT_EQ(events.due(), begun + std::chrono::minutes(1));
    events.Tend(events.due());
    EXPECT_TRUE(events.working()) << events.why_not();
  }).join();
}

// Proofs are taken by the thread that subscribed. On another one they fail, as they
// would if the kernel had stopped to send.
TEST(KernelEvents, AreGivenUpWhenTheyNoLongerCome) {
  const UniqueFd epoll(::epoll_create1(EPOLL_CLOEXEC));
  int lost = 0;
  KernelEvents events(epoll.get(), 0, {},
                      {.happened = [](pid_t, WakeReason) {},
                       .traced = [](pid_t, pid_t) {},
                       .forked = [](pid_t, pid_t) {},
                       .lost = [&] { ++lost; }});
  BootTime now(std::chrono::seconds(100));
  events.Tend(now);
  ASSERT_TRUE(events.working()) << events.why_not();
  now += std::chrono::seconds(10);
  std::thread([&] { events.Tend(now); }).join();
  EXPECT_TRUE(events.working());
  events.Tend(now + std::chrono::seconds(1));
  EXPECT_FALSE(events.working());
  EXPECT_EQ(events.why_not(), "the kernel's events about processes do not arrive");
  EXPECT_EQ(lost, 1);
}

}  // namespace
}  // namespace surety::testing
