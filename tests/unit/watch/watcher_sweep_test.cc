#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <string>

#include "tests/unit/attestors/child_process.h"
#include "tests/unit/watch/watching.h"

namespace surety::testing {
namespace {

bool SetUser() { return ::syscall(SYS_setresuid, 65534, 65534, 65534) == 0; }
bool SetGroup() { return ::syscall(SYS_setresgid, 65534, 65534, 65534) == 0; }
bool SetGroups() {
  const std::array<gid_t, 2> groups{7, 8};
  return ::syscall(SYS_setgroups, groups.size(), groups.data()) == 0;
}
bool SetSession() { return ::setsid() >= 0; }
bool NoNewPrivileges() { return ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0; }
bool DropCapability() {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  std::array<__user_cap_data_struct, 2> sets{};
  if (::syscall(SYS_capget, &header, sets.data()) != 0) return false;
  sets[0].effective &= ~(1U << CAP_NET_RAW);
  return ::syscall(SYS_capset, &header, sets.data()) == 0;
}
bool BecomeTraced() { return ::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr) == 0; }

bool HasStopped(pid_t pid) {
  siginfo_t info{};
  return ::waitid(P_PID, static_cast<id_t>(pid), &info, WSTOPPED | WEXITED | WNOWAIT) == 0 &&
         info.si_code == CLD_STOPPED;
}

// A cgroup of the test's own; whoever is still in it goes back to the root.
class OwnCgroup {
 public:
  explicit OwnCgroup(const std::string& hierarchy)
      : hierarchy_("/sys/fs/cgroup/" + hierarchy),
        path_(hierarchy_ + "/surety-watch-test-" + std::to_string(::getpid())) {
    EXPECT_EQ(::mkdir(path_.c_str(), 0755), 0) << path_;
  }
  OwnCgroup(const OwnCgroup&) = delete;
  OwnCgroup& operator=(const OwnCgroup&) = delete;
  ~OwnCgroup() {
    for (const auto pid : moved_) WriteFile(hierarchy_ + "/cgroup.procs", std::to_string(pid));
    EXPECT_TRUE(Eventually([&] { return ::rmdir(path_.c_str()) == 0; })) << path_;
  }
  void Take(pid_t pid) {
    moved_.push_back(pid);
    ASSERT_TRUE(WriteFile(path_ + "/cgroup.procs", std::to_string(pid)));
  }

 private:
  std::string hierarchy_;
  std::string path_;
  std::vector<pid_t> moved_;
};

struct Namespace {
  const char* name;
  int flag;
};

class WatcherSweepOfNamespaces : public ::testing::TestWithParam<Namespace> {};

TEST_P(WatcherSweepOfNamespaces, FindsThatItWasLeft) {
  const int flag = GetParam().flag;
  ActingChild child({[flag] { return ::unshare(flag) == 0; }});
  Watching watching(Both());
  watching.Follow(child.pid());
  watching.ExpectChange(child, 0, WakeReason::kMoved, GetParam().name);
}

// The thread sanitizer gives every process a thread of its own, and so unshare(2)
// refuses a user namespace, and nothing can share its memory.
#ifndef __SANITIZE_THREAD__
INSTANTIATE_TEST_SUITE_P(User, WatcherSweepOfNamespaces,
                         ::testing::Values(Namespace{"user", CLONE_NEWUSER}),
                         [](const auto& test) { return std::string(test.param.name); });
#endif
INSTANTIATE_TEST_SUITE_P(
    Each, WatcherSweepOfNamespaces,
    ::testing::Values(Namespace{"mnt", CLONE_NEWNS}, Namespace{"pid", CLONE_NEWPID},
                      Namespace{"net", CLONE_NEWNET}, Namespace{"uts", CLONE_NEWUTS},
                      Namespace{"ipc", CLONE_NEWIPC}, Namespace{"cgroup", CLONE_NEWCGROUP},
                      Namespace{"time", 0x80}),
    [](const auto& test) { return std::string(test.param.name); });

class WatcherSweep : public ::testing::TestWithParam<bool> {
 protected:
  static WatchOptions Options() { return GetParam() ? Both() : SweepsAlone(); }
};
INSTANTIATE_TEST_SUITE_P(Modes, WatcherSweep, ::testing::Bool(), [](const auto& test) {
  return std::string(test.param ? "BesideEvents" : "Alone");
});

TEST_P(WatcherSweep, FindsAnotherCgroup) {
  ActingChild child({});
  OwnCgroup cgroup("unified");
  Watching watching(Options());
  const auto key = watching.Follow(child.pid());
  const auto begun = std::chrono::steady_clock::now();
  cgroup.Take(child.pid());
  EXPECT_TRUE(watching.recorder().WaitForChange(key, WakeReason::kMoved));
  watching.PrintLatency(key, WakeReason::kMoved, begun, "cgroup v2");
}

TEST_P(WatcherSweep, FindsAnotherOldCgroup) {
  ActingChild child({});
  OwnCgroup cgroup("pids");
  Watching watching(Options());
  const auto key = watching.Follow(child.pid());
  const auto begun = std::chrono::steady_clock::now();
  cgroup.Take(child.pid());
  EXPECT_TRUE(watching.recorder().WaitForChange(key, WakeReason::kMoved));
  watching.PrintLatency(key, WakeReason::kMoved, begun, "cgroup v1");
}

TEST_P(WatcherSweep, FindsALostCapability) {
  ActingChild child({DropCapability});
  Watching watching(Options());
  watching.Follow(child.pid());
  watching.ExpectChange(child, 0, WakeReason::kMoved, "capset");
}

TEST_P(WatcherSweep, FindsNoNewPrivileges) {
  ActingChild child({NoNewPrivileges});
  Watching watching(Options());
  watching.Follow(child.pid());
  watching.ExpectChange(child, 0, WakeReason::kMoved, "no_new_privs");
}

// setgroups(2) raises no event.
TEST_P(WatcherSweep, FindsOtherSupplementaryGroups) {
  ActingChild child({SetGroups});
  Watching watching(Options());
  watching.Follow(child.pid());
  watching.ExpectChange(child, 0, WakeReason::kGroup, "setgroups");
}

// Nor does PTRACE_TRACEME.
TEST_P(WatcherSweep, FindsAProcessThatHasItselfTraced) {
  ActingChild child({BecomeTraced});
  Watching watching(Options());
  watching.Follow(child.pid());
  watching.ExpectChange(child, 0, WakeReason::kTraced, "traceme");
}

TEST_P(WatcherSweep, TellsOfOneChangeOnce) {
  ActingChild child({DropCapability, NoNewPrivileges, SetUser});
  Watching watching(Options());
  watching.Follow(child.pid());
  watching.ExpectChange(child, 0, WakeReason::kMoved, "capset");
  watching.recorder().Forget();
  const auto sweeps = watching->Status().sweeps_total;
  EXPECT_TRUE(Eventually([&] { return watching->Status().sweeps_total > sweeps + 20; }));
  EXPECT_TRUE(watching.recorder().changes().empty());
  watching.ExpectChange(child, 2, WakeReason::kUser, "setresuid");
  EXPECT_TRUE(Eventually([&] { return watching->Status().sweeps_total > sweeps + 40; }));
  EXPECT_EQ(watching.recorder().changes().size(), 1U);
}

TEST(WatcherSweepAlone, SaysSo) {
  Watching watching(SweepsAlone());
  EXPECT_EQ(watching->Status().mode, WakeMode::kSweep);
  EXPECT_FALSE(watching->Status().why_no_events.empty());
}

TEST(WatcherSweepAlone, FindsAnExecEvenOfTheSameProgram) {
  const auto again = [] {
    return ::execl("/bin/sh", "sh", "-c", "kill -STOP $$; exec /bin/sh -c 'kill -STOP $$'",
                   nullptr) == 0;
  };
  ActingChild child({again});
  ASSERT_EQ(child.Do(0), 0);
  ASSERT_TRUE(HasStopped(child.pid()));
  Watching watching(SweepsAlone());
  const auto key = watching.Follow(child.pid());
  ASSERT_EQ(::kill(child.pid(), SIGCONT), 0);
  EXPECT_TRUE(watching.recorder().WaitForChange(key, WakeReason::kExec));
}

// The probe is bound to memory that lives on in the other process: what shows is
// the executable.
#ifndef __SANITIZE_THREAD__
bool Sleep() { return ::execl("/bin/sleep", "sleep", "100", nullptr) == 0; }

TEST(WatcherSweepAlone, FindsAnExecByAProcessWhoseMemoryIsShared) {
  const auto share = [] {
    static std::array<char, 65536> stack;
    static std::array<char*, 1> top{stack.data() + stack.size()};
    const auto wait = [](void*) {
      ::prctl(PR_SET_PDEATHSIG, SIGKILL);
      ::syscall(SYS_close_range, 3, ~0U, 0);
      for (;;) ::pause();
      return 0;
    };
    return ::clone(wait, top[0], CLONE_VM | SIGCHLD, nullptr) > 0;
  };
  ActingChild child({share, Sleep});
  ASSERT_EQ(child.Do(0), 0);
  Watching watching(SweepsAlone());
  watching.Follow(child.pid());
  watching.ExpectChange(child, 1, WakeReason::kExec, "exec, memory shared");
}
#endif

TEST(WatcherSweepAlone, FindsIdsAndSession) {
  ActingChild child({SetSession, SetGroup, SetUser});
  Watching watching(SweepsAlone());
  watching.Follow(child.pid());
  watching.ExpectChange(child, 0, WakeReason::kSession, "setsid");
  watching.ExpectChange(child, 1, WakeReason::kGroup, "setresgid");
  watching.ExpectChange(child, 2, WakeReason::kUser, "setresuid");
}

TEST(WatcherSweepAlone, FindsATracerOfASleepingProcess) {
  ActingChild child({});
  Watching watching(SweepsAlone());
  const auto key = watching.Follow(child.pid());
  ASSERT_EQ(::ptrace(PTRACE_SEIZE, child.pid(), nullptr, nullptr), 0);
  EXPECT_TRUE(watching.recorder().WaitForChange(key, WakeReason::kTraced));
}

TEST(WatcherSweepAlone, StillTellsOfAnExit) {
  ActingChild child({});
  Watching watching(SweepsAlone());
  const auto key = watching.Follow(child.pid());
  child.KillAndReap();
  EXPECT_TRUE(watching.recorder().WaitForExit(key));
}

TEST(WatcherSweepAlone, FindsAnOrphanedProcess) {
  // The child makes a grandchild, says which, and ends: the grandchild's parent changes.
  std::array<int, 2> ends{};
  ASSERT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
  const UniqueFd reading(ends[0]);
  const UniqueFd writing(ends[1]);
  const auto fork_one = [&] {
    const pid_t made = ::fork();
    if (made == 0)
      for (;;) ::pause();
    return ::write(writing.get(), &made, sizeof made) == sizeof made;
  };
  ActingChild child({fork_one});
  ASSERT_EQ(child.Do(0), 0);
  pid_t grandchild = 0;
  ASSERT_EQ(::read(reading.get(), &grandchild, sizeof grandchild), sizeof grandchild);
  Watching watching(SweepsAlone());
  const auto key = watching.Follow(grandchild);
  child.KillAndReap();
  EXPECT_TRUE(watching.recorder().WaitForChange(key, WakeReason::kMoved));
  ::kill(grandchild, SIGKILL);
}

}  // namespace
}  // namespace surety::testing
