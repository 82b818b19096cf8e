#include "attestors/linux_process.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <future>
#include <thread>

#include "attestors/proc_text.h"
#include "tests/unit/attestors/child_process.h"

namespace surety {
namespace {

using testing::Child;

class LinuxProcessTest : public ::testing::Test {
 protected:
  const std::unique_ptr<ProcessOpener> opener_ = MakeLinuxProcessOpener();
};

UniqueFd PidfdOf(pid_t pid) {
  return UniqueFd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
}

TEST_F(LinuxProcessTest, ReadsItsOwnProcess) {
  const auto self = opener_->OpenByPid(::getpid());
  ASSERT_TRUE(self) << self.error().Text();
  EXPECT_EQ((*self)->key().pid, ::getpid());
  EXPECT_GT((*self)->key().start_ticks, 0U);
  EXPECT_TRUE((*self)->IsAlive());
  EXPECT_TRUE(ParseStatus(*(*self)->ReadFile("status", 65536)));
  EXPECT_EQ(*(*self)->ReadLink("exe"), std::filesystem::read_symlink("/proc/self/exe").string());
  EXPECT_TRUE((*self)->OpenExecutable());
}

TEST_F(LinuxProcessTest, HandlesOfOneProcessAreShared) {
  const auto child = Child::Sleeping();
  const auto first = opener_->OpenByPid(child.pid());
  const auto second = opener_->Open(child.pid(), PidfdOf(child.pid()));
  ASSERT_TRUE(first);
  ASSERT_TRUE(second);
  EXPECT_EQ(*first, *second);
}

TEST_F(LinuxProcessTest, ManyProcessesComeAndGo) {
  for (int i = 0; i < 200; ++i) {
    const auto child = Child::Sleeping();
    const auto process = opener_->OpenByPid(child.pid());
    ASSERT_TRUE(process);
    ASSERT_EQ((*process)->key().pid, child.pid());
  }
}

TEST_F(LinuxProcessTest, ExitedProcessIsGoneInEveryRead) {
  auto child = Child::Sleeping();
  const auto process = opener_->OpenByPid(child.pid());
  ASSERT_TRUE(process);
  child.KillAndReap();
  EXPECT_FALSE((*process)->IsAlive());
  EXPECT_EQ((*process)->ReadFile("status", 65536).error().code(), ErrorCode::kPeerGone);
  EXPECT_EQ((*process)->ReadFile("nothing", 65536).error().code(), ErrorCode::kPeerGone);
  EXPECT_EQ((*process)->ReadLink("ns/mnt").error().code(), ErrorCode::kPeerGone);
  EXPECT_EQ((*process)->OpenExecutable().error().code(), ErrorCode::kPeerGone);
  EXPECT_EQ((*process)->CgroupId().error().code(), ErrorCode::kPeerGone);
}

TEST_F(LinuxProcessTest, ZombieIsGone) {
  const auto child = Child::Zombie();
  const auto process = opener_->OpenByPid(child.pid());
  ASSERT_FALSE(process);
  EXPECT_EQ(process.error().code(), ErrorCode::kPeerGone);
}

TEST_F(LinuxProcessTest, ZombieIsGoneForAHandleFromBefore) {
  auto child = Child::Running({"/bin/sleep", "600"});
  ASSERT_EQ(child.error(), 0);
  const auto process = opener_->OpenByPid(child.pid());
  ASSERT_TRUE(process);
  ::kill(child.pid(), SIGKILL);
  EXPECT_TRUE(testing::Eventually([&] { return !(*process)->IsAlive(); }));
  // Not reaped: its status can still be read from /proc, but not through us.
  EXPECT_TRUE(std::filesystem::exists("/proc/" + std::to_string(child.pid()) + "/status"));
  EXPECT_EQ((*process)->ReadFile("status", 65536).error().code(), ErrorCode::kPeerGone);
  EXPECT_EQ((*process)->CgroupId().error().code(), ErrorCode::kPeerGone);
}

TEST_F(LinuxProcessTest, ReusedPidIsNeverReadInPlaceOfTheFirst) {
  auto first = Child::Sleeping();
  const pid_t pid = first.pid();
  auto pidfd = PidfdOf(pid);
  const auto held = opener_->OpenByPid(pid);
  ASSERT_TRUE(held);
  first.KillAndReap();

  const auto second = Child::SleepingAs(pid);
  ASSERT_EQ(second.pid(), pid) << std::strerror(second.error());
  EXPECT_FALSE((*held)->IsAlive());
  for (const char* name : {"status", "stat", "cgroup", "mountinfo"})
    EXPECT_EQ((*held)->ReadFile(name, 1 << 20).error().code(), ErrorCode::kPeerGone) << name;
  EXPECT_EQ((*held)->ReadLink("exe").error().code(), ErrorCode::kPeerGone);
  EXPECT_EQ((*held)->OpenExecutable().error().code(), ErrorCode::kPeerGone);
  // The kernel's pidfd of the first, whose pid now names the second.
  EXPECT_EQ(opener_->Open(pid, std::move(pidfd)).error().code(), ErrorCode::kPeerGone);

  const auto fresh = opener_->OpenByPid(pid);
  ASSERT_TRUE(fresh);
  EXPECT_TRUE((*fresh)->IsAlive());
  EXPECT_NE(*fresh, *held);
}

TEST_F(LinuxProcessTest, NameOfTheProcessCannotShiftItsStartTime) {
  const auto plain = Child::Sleeping();
  const auto odd = Child::Sleeping([] { return ::prctl(PR_SET_NAME, "a) S 1 1\n\xff(") == 0; });
  ASSERT_EQ(odd.error(), 0);
  const auto before = opener_->OpenByPid(plain.pid());
  const auto process = opener_->OpenByPid(odd.pid());
  ASSERT_TRUE(process) << process.error().Text();
  EXPECT_GE((*process)->key().start_ticks, (*before)->key().start_ticks);
  EXPECT_LT((*process)->key().start_ticks, (*before)->key().start_ticks + 1000);
  EXPECT_TRUE(ParseStatus(*(*process)->ReadFile("status", 65536)));
}

TEST_F(LinuxProcessTest, ContentsAreNeverCutShort) {
  const auto self = opener_->OpenByPid(::getpid());
  const auto whole = (*self)->ReadFile("status", 65536);
  ASSERT_TRUE(whole);
  const auto cut = (*self)->ReadFile("status", whole->size() / 2);
  ASSERT_FALSE(cut);
  EXPECT_EQ(cut.error().code(), ErrorCode::kResourceExhausted);
  // Longer than one read of a page.
  EXPECT_GT((*self)->ReadFile("smaps", 64 << 20)->size(), 4096U);
}

TEST_F(LinuxProcessTest, NamesOutsideOfTheProcessAreRefused) {
  const auto self = opener_->OpenByPid(::getpid());
  for (const char* name : {"", "/etc/passwd", "../1/status", "root/../../etc/passwd"}) {
    EXPECT_EQ((*self)->ReadFile(name, 4096).error().code(), ErrorCode::kInvalidArgument) << name;
    EXPECT_EQ((*self)->ReadLink(name).error().code(), ErrorCode::kInvalidArgument) << name;
  }
  EXPECT_EQ((*self)->ReadFile("nothing", 4096).error().code(), ErrorCode::kNotFound);
}

TEST_F(LinuxProcessTest, OpensNoThreadAndNoNonsense) {
  std::promise<pid_t> tid;
  std::promise<void> done;
  std::thread thread([&] {
    tid.set_value(static_cast<pid_t>(::syscall(SYS_gettid)));
    done.get_future().wait();
  });
  EXPECT_EQ(opener_->OpenByPid(tid.get_future().get()).error().code(), ErrorCode::kInvalidArgument);
  done.set_value();
  thread.join();
  EXPECT_EQ(opener_->OpenByPid(0).error().code(), ErrorCode::kInvalidArgument);
  EXPECT_EQ(opener_->OpenByPid(-1).error().code(), ErrorCode::kInvalidArgument);
  EXPECT_EQ(opener_->OpenByPid(4'194'303).error().code(), ErrorCode::kPeerGone);
  // Pid 0 is what SO_PEERCRED gives for a peer outside of our pid namespace.
  EXPECT_EQ(opener_->Open(0, PidfdOf(::getpid())).error().code(), ErrorCode::kUnavailable);
}

TEST_F(LinuxProcessTest, CgroupIdIsThatOfTheProcess) {
  const auto self = opener_->OpenByPid(::getpid());
  const auto child = Child::Sleeping();
  const auto other = opener_->OpenByPid(child.pid());
  const auto mine = (*self)->CgroupId();
  if (!mine) {
    EXPECT_EQ(mine.error().code(), ErrorCode::kNotFound) << mine.error().Text();
    return;
  }
  EXPECT_GT(*mine, 0U);
  EXPECT_EQ(*(*other)->CgroupId(), *mine);
}

TEST_F(LinuxProcessTest, StaysAliveThroughAnExec) {
  const auto child = Child::Running({"/bin/sleep", "600"});
  ASSERT_EQ(child.error(), 0);
  const auto process = opener_->OpenByPid(child.pid());
  ASSERT_TRUE(process);
  EXPECT_TRUE((*process)->IsAlive());
}

}  // namespace
}  // namespace surety
