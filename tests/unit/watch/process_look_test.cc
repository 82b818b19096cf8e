#include "agent/watch/process_look.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent/watch/child_files.h"
#include "agent/watch/exec_probe.h"
#include "attestors/linux_process.h"
#include "tests/fakes/fake_process.h"
#include "tests/unit/attestors/child_process.h"
#include "tests/unit/watch/acting_child.h"
#include "tests/unit/watch/forking_child.h"

namespace surety::testing {
namespace {

bool Sleep() { return ::execl("/bin/sleep", "sleep", "100", nullptr) == 0; }

class ProcessLookTest : public ::testing::Test {
 protected:
  // The pid is ours, so that CPU time stands still only by chance.
  FakeProcess process_{{::getpid(), 100}};
};

TEST_F(ProcessLookTest, WhatStaysTheSameIsNoNews) {
  process_.SetFile("status", std::string("Uid:\t1\n"));
  ProcessLook look(process_, {});
  EXPECT_EQ(look.Again(process_, {}), std::nullopt);
}

TEST_F(ProcessLookTest, NamesTheReason) {
  process_.SetLink("exe", std::string("/bin/a"));
  process_.SetLink("ns/net", std::string("net:[1]"));
  process_.SetFile("status",
                   std::string("Uid:\t1\nGid:\t1\nTracerPid:\t0\nCapEff:\t1\nNSsid:\t1\n"));
  process_.SetFile("cgroup", std::string("0::/a\n"));
  ProcessLook look(process_, {});
  const auto after = [&](const auto& change) {
    change();
    return look.Again(process_, {});
  };
  EXPECT_EQ(after([&] { process_.SetLink("exe", std::string("/bin/b")); }), WakeReason::kExec);
  EXPECT_EQ(after([&] { process_.SetLink("ns/net", std::string("net:[2]")); }), WakeReason::kMoved);
  EXPECT_EQ(after([&] { process_.SetFile("cgroup", std::string("0::/b\n")); }), WakeReason::kMoved);
  const auto status = [&](const char* text) {
    return after([&] { process_.SetFile("status", std::string(text)); });
  };
  EXPECT_EQ(status("Uid:\t2\nGid:\t1\nTracerPid:\t0\nCapEff:\t1\nNSsid:\t1\n"), WakeReason::kUser);
  EXPECT_EQ(status("Uid:\t2\nGid:\t2\nTracerPid:\t0\nCapEff:\t1\nNSsid:\t1\n"), WakeReason::kGroup);
  EXPECT_EQ(status("Uid:\t2\nGid:\t2\nTracerPid:\t9\nCapEff:\t1\nNSsid:\t1\n"),
            WakeReason::kTraced);
  EXPECT_EQ(status("Uid:\t2\nGid:\t2\nTracerPid:\t9\nCapEff:\t0\nNSsid:\t1\n"), WakeReason::kMoved);
  EXPECT_EQ(status("Uid:\t2\nGid:\t2\nTracerPid:\t9\nCapEff:\t0\nNSsid:\t2\n"),
            WakeReason::kSession);
  EXPECT_EQ(status("Uid:\t3\nGid:\t3\nTracerPid:\t0\nCapEff:\t1\nNSsid:\t2\n"), WakeReason::kUser);
}

TEST_F(ProcessLookTest, WhatMayNoLongerBeReadIsNews) {
  process_.SetLink("ns/net", std::string("net:[1]"));
  ProcessLook look(process_, {});
  process_.SetLink("ns/net", Error(ErrorCode::kPermissionDenied, "no"));
  EXPECT_EQ(look.Again(process_, {}), WakeReason::kMoved);
  EXPECT_EQ(look.Again(process_, {}), std::nullopt);
}

// Being out of descriptors says nothing about the process.
TEST_F(ProcessLookTest, WhatCouldNotBeToldIsNoNews) {
  process_.SetFile("status", std::string("Uid:\t1\n"));
  process_.SetFile("cgroup", std::string("0::/a\n"));
  ProcessLook look(process_, {});
  process_.SetFile("status", Error(ErrorCode::kResourceExhausted, "too many open files"));
  process_.SetFile("cgroup", Error(ErrorCode::kResourceExhausted, "too many open files"));
  EXPECT_EQ(look.Again(process_, {}), std::nullopt);
  process_.SetFile("status", std::string("Uid:\t2\n"));
  EXPECT_EQ(look.Again(process_, {}), WakeReason::kUser);
}

TEST_F(ProcessLookTest, AnExitedProcessIsNoNews) {
  process_.SetFile("status", std::string("Uid:\t1\n"));
  ProcessLook look(process_, {});
  process_.Exit();
  EXPECT_EQ(look.Again(process_, {}), std::nullopt);
}

// Counts what is read of a process that sleeps all the time.
TEST(ProcessLook, ASleepingProcessIsNotReadAgain) {
  const auto child = Child::Sleeping();
  FakeProcess process({child.pid(), 100});
  int reads = 0;
  std::optional<std::int64_t> cpu_time;
  EXPECT_TRUE(
      Eventually([&] { return std::exchange(cpu_time, ReadCpuTime(child.pid())) == cpu_time; }));
  process.AfterRead([&](std::string_view) { ++reads; });
  ProcessLook look(process, {});
  EXPECT_EQ(reads, 13);  // Ten namespaces, status, cgroup, exe.
  reads = 0;
  // Where the kernel does not tell a cgroup's id, as of a fake, the file does.
  look.Again(process, {.everything = false, .without_events = false, .cgroup_text = false});
  EXPECT_EQ(reads, 1);
  reads = 0;
  look.Again(process, {.everything = false, .without_events = true, .cgroup_text = false});
  EXPECT_EQ(reads, 2);
}

TEST(PidfdInfo, TellsIdsAndParent) {
  const auto opener = MakeLinuxProcessOpener();
  const auto self = opener->OpenByPid(::getpid());
  ASSERT_TRUE(self);
  const auto info = ReadPidfdInfo((*self)->pidfd());
  ASSERT_TRUE(info);
  EXPECT_EQ(info->parent, static_cast<std::uint32_t>(::getppid()));
  EXPECT_EQ(info->users, (std::array<uid_t, 4>{::getuid(), ::geteuid(), ::getuid(), ::geteuid()}));
  EXPECT_NE(info->cgroup, 0U);
  EXPECT_FALSE(ReadPidfdInfo(-1));
  EXPECT_GT(ReadCpuTime(::getpid()).value_or(0), 0);
}

TEST(ExecProbe, TellsAnExec) {
  ActingChild child({Sleep, [] { return true; }});
  const auto opener = MakeLinuxProcessOpener();
  const auto process = opener->OpenByPid(child.pid());
  ASSERT_TRUE(process);
  auto probe = ExecProbe::Open(**process);
  ASSERT_TRUE(probe) << probe.error().Text();
  EXPECT_FALSE(probe->HasExecuted());
  ASSERT_EQ(child.Do(1), 0);
  EXPECT_FALSE(probe->HasExecuted());
  ASSERT_EQ(child.Do(0), 0);
  EXPECT_TRUE(probe->HasExecuted());
  probe = ExecProbe::Open(**process);
  ASSERT_TRUE(probe);
  EXPECT_FALSE(probe->HasExecuted());
}

TEST(ExecProbe, OfAZombieIsGone) {
  const auto child = Child::Sleeping();
  const auto opener = MakeLinuxProcessOpener();
  const auto process = opener->OpenByPid(child.pid());
  ASSERT_TRUE(process);
  const auto probe = ExecProbe::Open(**process);
  ASSERT_TRUE(probe);
  ::kill(child.pid(), SIGKILL);
  siginfo_t info{};
  ASSERT_EQ(::waitid(P_PID, static_cast<id_t>(child.pid()), &info, WEXITED | WNOWAIT), 0);
  EXPECT_TRUE(probe->HasExecuted());
  const auto again = ExecProbe::Open(**process);
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code(), ErrorCode::kPeerGone);
}

TEST(ExecProbe, ThatKnowsNothingTellsNothing) {
  EXPECT_FALSE(ExecProbe().HasExecuted());
  const auto probe = ExecProbe::Open(FakeProcess());
  ASSERT_FALSE(probe);
  EXPECT_EQ(probe.error().code(), ErrorCode::kNotFound);
}

TEST(ChildFiles, ListChildrenOfAllThreads) {
  ForkedPids forked;
  const auto by_thread = [&] {
    bool done = false;
    std::thread other([&] { done = forked.ForkOne(); });
    // The thread stays, or its child would become the main thread's.
    other.detach();
    return true;
  };
  ActingChild child({[&] { return forked.ForkOne(); }, by_thread});
  const auto opener = MakeLinuxProcessOpener();
  const auto process = opener->OpenByPid(child.pid());
  ASSERT_TRUE(process);
  EXPECT_TRUE(ReadChildren(**process, 10).empty());
  ASSERT_EQ(child.Do(0), 0);
  const pid_t first = forked.Next();
  const KillAtEnd first_ends(first);
  EXPECT_EQ(ReadChildren(**process, 10), std::vector{first});
  ASSERT_EQ(child.Do(1), 0);
  const pid_t second = forked.Next();
  const KillAtEnd second_ends(second);
  EXPECT_TRUE(Eventually([&] { return ReadChildren(**process, 10).size() == 2; }));
  EXPECT_EQ(ReadChildren(**process, 1).size(), 1U);
  child.KillAndReap();
  EXPECT_TRUE(ReadChildren(**process, 10).empty());
}

}  // namespace
}  // namespace surety::testing
