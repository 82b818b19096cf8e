#include "attestors/namespace_tree.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "attestors/linux_process.h"
#include "attestors/namespaces.h"
#include "tests/unit/attestors/child_process.h"

// Real namespaces. Runs as root.
namespace surety {
namespace {

using testing::BecomeUser;
using testing::Child;
using testing::ForkBelow;
using testing::OnlyChildOf;

#ifndef __SANITIZE_THREAD__  // Its second thread would have unshare(2) refuse.
bool WriteTo(const char* path, std::string_view text) {
  const UniqueFd file(::open(path, O_WRONLY | O_CLOEXEC));
  return ::write(file.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size());
}

// Only who has a user and a group in a user namespace may make another one in it.
bool MapOneself() {
  // Else its own files below /proc belong to root.
  return ::prctl(PR_SET_DUMPABLE, 1) == 0 && WriteTo("/proc/self/setgroups", "deny") &&
         WriteTo("/proc/self/uid_map", "0 1001 1") && WriteTo("/proc/self/gid_map", "0 1001 1");
}
#endif

class NamespaceTree : public ::testing::Test {
 protected:
  std::shared_ptr<const ProcessHandle> Open(pid_t pid) { return *opener_->OpenByPid(pid); }
  std::uint64_t InodeOf(pid_t pid, NamespaceKind kind) {
    return *ReadNamespaces(*Open(pid))->namespaces.Get(kind);
  }
  std::string MakerOf(pid_t pid) {
    const auto maker = UserNamespaceMaker(*Open(pid), InodeOf(::getpid(), NamespaceKind::kUser));
    if (!maker) return maker.error().Text();
    return *maker ? std::to_string(**maker) : "none";
  }
  const std::unique_ptr<ProcessOpener> opener_ = MakeLinuxProcessOpener();
};

TEST_F(NamespaceTree, PidNamespaceIsInThoseAboveIt) {
  const auto parent = Child::Sleeping([] {
    return ::unshare(CLONE_NEWPID) == 0 &&
           ForkBelow([] { return ::unshare(CLONE_NEWPID) == 0 && ForkBelow(); });
  });
  const pid_t inner = OnlyChildOf(parent.pid());
  const pid_t innermost = OnlyChildOf(inner);
  const auto kind = NamespaceKind::kPid;
  EXPECT_TRUE(*IsInPidNamespace(*Open(innermost), InodeOf(innermost, kind)));
  EXPECT_TRUE(*IsInPidNamespace(*Open(innermost), InodeOf(inner, kind)));
  EXPECT_TRUE(*IsInPidNamespace(*Open(innermost), InodeOf(::getpid(), kind)));
  EXPECT_FALSE(*IsInPidNamespace(*Open(inner), InodeOf(innermost, kind)));
  EXPECT_FALSE(*IsInPidNamespace(*Open(::getpid()), InodeOf(inner, kind)));
}

#ifndef __SANITIZE_THREAD__
TEST_F(NamespaceTree, MakerIsWhoMadeTheOutermost) {
  const auto plain = Child::Sleeping([] { return BecomeUser(1001); });
  EXPECT_EQ(MakerOf(plain.pid()), "none");
  const auto users =
      Child::Sleeping([] { return BecomeUser(1001) && ::unshare(CLONE_NEWUSER) == 0; });
  ASSERT_EQ(users.error(), 0);
  EXPECT_EQ(MakerOf(users.pid()), "1001");
  const auto nested = Child::Sleeping([] {
    return BecomeUser(1001) && ::unshare(CLONE_NEWUSER) == 0 && MapOneself() &&
           ::unshare(CLONE_NEWUSER) == 0;
  });
  ASSERT_EQ(nested.error(), 0);
  EXPECT_EQ(MakerOf(nested.pid()), "1001");
  const auto roots = Child::Sleeping([] { return ::unshare(CLONE_NEWUSER) == 0; });
  EXPECT_EQ(MakerOf(roots.pid()), "0");
}
#endif

TEST_F(NamespaceTree, DeadProcessIsGone) {
  auto child = Child::Sleeping();
  const auto process = Open(child.pid());
  child.KillAndReap();
  EXPECT_EQ(IsInPidNamespace(*process, 1).error().code(), ErrorCode::kPeerGone);
  EXPECT_EQ(UserNamespaceMaker(*process, 1).error().code(), ErrorCode::kPeerGone);
}

}  // namespace
}  // namespace surety
