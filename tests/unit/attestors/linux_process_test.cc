#include "attestors/linux_process.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cstring>
#include <filesystem>
#include <future>
#include <iterator>
#include <thread>
#include <vector>

#include "attestors/proc_text.h"
#include "tests/unit/attestors/child_process.h"

namespace surety {
namespace {

using testing::Child;
using ::testing::HasSubstr;

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
  // Not reaped: what is read is its own last state, and whoever reads asks for life after that.
  const auto status = (*process)->ReadFile("status", 65536);
  ASSERT_TRUE(status);
  EXPECT_NE(status->find("State:\tZ"), std::string::npos);
  EXPECT_EQ((*process)->ReadLink("exe").error().code(), ErrorCode::kPeerGone);
  EXPECT_EQ((*process)->OpenExecutable().error().code(), ErrorCode::kPeerGone);
}

TEST_F(LinuxProcessTest, TellsWhoseFirstThreadHasEnded) {
  const auto whole = Child::Sleeping();
  EXPECT_FALSE((*opener_->OpenByPid(whole.pid()))->IsExiting());

  const auto child = Child::Sleeping([]() -> bool {
    std::thread([] {
      ::close_range(3, ~0U, 0);  // Says that it runs.
      for (;;) ::pause();
    }).detach();
    ::syscall(SYS_exit, 0);  // This thread alone.
    return false;
  });
  const auto process = opener_->OpenByPid(child.pid());
  ASSERT_TRUE(process) << process.error().Text();
  EXPECT_TRUE(testing::Eventually([&] { return (*process)->IsExiting(); }));
  EXPECT_TRUE((*process)->IsAlive());
  const auto probe = (*process)->OpenExecProbe();
  ASSERT_FALSE(probe);
  EXPECT_EQ(probe.error().code(), ErrorCode::kUnavailable) << "it is not gone";
  EXPECT_THAT(probe.error().Text(), HasSubstr("first thread"));
}

TEST_F(LinuxProcessTest, WhoeverIsGoneHasExited) {
  auto child = Child::Sleeping();
  const auto process = opener_->OpenByPid(child.pid());
  child.KillAndReap();
  EXPECT_TRUE((*process)->IsExiting());
}

// The files that stay open between reads.
TEST_F(LinuxProcessTest, KeptFilesTellWhatIsNow) {
  const auto child = Child::Running({"/bin/sh", "-c", "read line; exec /bin/sleep 600"}, [] {
    std::array<int, 2> ends{};
    return ::pipe(ends.data()) == 0 && ::dup2(ends[0], 0) == 0 && ::dup2(ends[1], 9) == 9;
  });
  const auto process = opener_->OpenByPid(child.pid());
  ASSERT_TRUE(process);
  const auto name = [&] {
    return ParseStatus(*(*process)->ReadFile("status", 65536))
               ? (*process)->ReadFile("status", 65536)->substr(0, 11)
               : "unreadable";
  };
  EXPECT_EQ(name(), "Name:\tsh\nUm");
  ASSERT_TRUE(testing::WriteFile("/proc/" + std::to_string(child.pid()) + "/fd/9", "go\n"));
  EXPECT_TRUE(testing::Eventually([&] { return name() == "Name:\tsleep"; }));
}

TEST_F(LinuxProcessTest, KeptFilesNeverAnswerForALaterProcess) {
  auto first = Child::Sleeping();
  const pid_t pid = first.pid();
  const auto held = opener_->OpenByPid(pid);
  ASSERT_TRUE((*held)->ReadFile("status", 65536));
  ASSERT_TRUE((*held)->ReadFile("cgroup", 65536));
  ASSERT_TRUE((*held)->ReadLink("ns/pid"));
  first.KillAndReap();
  const auto second = Child::SleepingAs(pid);
  ASSERT_EQ(second.pid(), pid);
  EXPECT_EQ((*held)->ReadFile("status", 65536).error().code(), ErrorCode::kPeerGone);
  EXPECT_EQ((*held)->ReadFile("cgroup", 65536).error().code(), ErrorCode::kPeerGone);
  EXPECT_FALSE((*held)->IsAlive());
}

std::ptrdiff_t OpenDescriptors() {
  return std::distance(std::filesystem::directory_iterator("/proc/self/fd"), {});
}

TEST_F(LinuxProcessTest, DescriptorsAreKeptForSoManyProcessesOnlyAndGivenBack) {
  constexpr int kProcesses = 300;
  const auto before = OpenDescriptors();
  {
    std::vector<Child> children;
    std::vector<std::shared_ptr<const ProcessHandle>> handles;
    for (int i = 0; i < kProcesses; ++i) {
      children.push_back(Child::Sleeping());
      handles.push_back(*opener_->OpenByPid(children.back().pid()));
      ASSERT_TRUE(handles.back()->ReadFile("status", 65536));
      ASSERT_TRUE(handles.back()->ReadFile("cgroup", 65536));
      ASSERT_TRUE(handles.back()->ReadFile("status", 65536));
    }
    EXPECT_LE(OpenDescriptors() - before, 2 * kProcesses + 512);
    EXPECT_GE(OpenDescriptors() - before, 2 * kProcesses + 1);
  }
  EXPECT_EQ(OpenDescriptors(), before);
}

TEST_F(LinuxProcessTest, ManyThreadsReadAKeptFile) {
  const auto child = Child::Sleeping();
  const auto process = *opener_->OpenByPid(child.pid());
  const auto expected = ParseStatus(*process->ReadFile("status", 65536));
  ASSERT_TRUE(expected);
  std::atomic<int> different = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i)
    threads.emplace_back([&] {
      for (int n = 0; n < 200; ++n) {
        const auto text = process->ReadFile("status", 65536);
        const auto status = text ? ParseStatus(*text) : text.error();
        if (!status || *status != *expected) ++different;
      }
    });
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(different, 0);
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
