#include "attestors/pidfd_answer.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "attestors/link_look.h"
#include "attestors/linux_process.h"
#include "tests/unit/attestors/child_process.h"

namespace surety {
namespace {

using testing::Child;

UniqueFd PidfdOf(pid_t pid) {
  return UniqueFd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
}

TEST(AskPidfd, TellsParentAndRealUid) {
  const auto child = Child::Sleeping([] { return ::setresuid(1001, 1002, 1003) == 0; });
  const auto answer = AskPidfd(PidfdOf(child.pid()).get());
  if (!answer) {
    EXPECT_EQ(answer.error().code(), ErrorCode::kNotFound) << "a kernel before 6.13";
    return;
  }
  EXPECT_EQ(answer->parent, ::getpid());
  EXPECT_EQ(answer->uid, 1001U);
}

TEST(AskPidfd, ReapedProcessIsGone) {
  auto child = Child::Sleeping();
  const auto pidfd = PidfdOf(child.pid());
  const bool known = AskPidfd(pidfd.get()).has_value();
  child.KillAndReap();
  EXPECT_EQ(AskPidfd(pidfd.get()).error().code(),
            known ? ErrorCode::kPeerGone : ErrorCode::kNotFound);
}

TEST(AskPidfd, OtherDescriptorIsNoAnswer) {
  EXPECT_FALSE(AskPidfd(-1));
  EXPECT_FALSE(AskPidfd(UniqueFd(::open("/dev/null", O_RDONLY)).get()));
}

TEST(LinkLook, CheapLookAgreesWithTheThoroughOne) {
  const auto child = Child::Sleeping([] { return ::setresuid(1001, 1001, 1001) == 0; });
  const auto process = *MakeLinuxProcessOpener()->OpenByPid(child.pid());
  const auto link = LookAtLink(*process);
  ASSERT_TRUE(link);
  EXPECT_EQ(link->parent, ::getpid());
  EXPECT_EQ(link->session, ::getsid(0));
  EXPECT_EQ(link->uid, 1001U);
  EXPECT_EQ(*ParentOf(*process), ::getpid());
  if (!AskPidfd(process->pidfd())) return;
  EXPECT_TRUE(IsUnchanged(*process, *link));
  EXPECT_TRUE(IsUnchanged(*link));
  for (auto change : {+[](Link& other) { ++other.parent; }, +[](Link& other) { ++other.session; },
                      +[](Link& other) { ++other.uid; }}) {
    Link other = *link;
    change(other);
    EXPECT_FALSE(IsUnchanged(*process, other));
    EXPECT_FALSE(IsUnchanged(other));
  }
}

TEST(LinkLook, DeadAreNotUnchanged) {
  auto child = Child::Sleeping();
  const auto process = *MakeLinuxProcessOpener()->OpenByPid(child.pid());
  const auto link = *LookAtLink(*process);
  child.KillAndReap();
  EXPECT_FALSE(IsUnchanged(*process, link));
  EXPECT_FALSE(IsUnchanged(link));
  EXPECT_EQ(LookAtLink(*process).error().code(), ErrorCode::kPeerGone);
  EXPECT_EQ(ParentOf(*process).error().code(), ErrorCode::kPeerGone);
}

}  // namespace
}  // namespace surety
