#include "attestors/process_search.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include "attestors/linux_process.h"
#include "tests/unit/attestors/child_process.h"

namespace surety {
namespace {

constexpr uid_t kUid = 54'321;

bool BecomeUid() {
  return ::setresgid(kUid, kUid, kUid) == 0 && ::setresuid(kUid, kUid, kUid) == 0;
}

pid_t Oldest(const std::string& exe = "") {
  const auto opener = MakeLinuxProcessOpener();
  const auto found = FindOldestProcess(*opener, kUid, exe);
  if (!found || !*found) return 0;
  EXPECT_EQ((*found)->uid, kUid);
  EXPECT_EQ((*found)->gid, kUid);
  return (*found)->process->key().pid;
}

pid_t Named(pid_t pid) {
  const auto opener = MakeLinuxProcessOpener();
  const auto found = FindNamedProcess(*opener, [&] { return Result(std::optional(pid)); });
  return found && *found ? (*found)->process->key().pid : 0;
}

TEST(ProcessSearch, FindsTheOldestOfAUserOnceItIsNotYoung) {
  EXPECT_EQ(Oldest(), 0);
  const auto first = testing::Child::Sleeping(BecomeUid);
  const auto second = testing::Child::Running({"/bin/sleep", "1000"}, BecomeUid);
  EXPECT_EQ(Oldest(), 0);
  EXPECT_TRUE(testing::Eventually([&] { return Oldest() == first.pid(); }));
  EXPECT_TRUE(testing::Eventually([&] { return Oldest("/usr/bin/sleep") == second.pid(); }));
  EXPECT_EQ(Oldest("/usr/bin/true"), 0);
}

TEST(ProcessSearch, NamedProcessIsFoundWhileItLives) {
  auto child = testing::Child::Sleeping();
  EXPECT_TRUE(testing::Eventually([&] { return Named(child.pid()) == child.pid(); }));
  child.KillAndReap();
  EXPECT_EQ(Named(child.pid()), 0);
}

TEST(ProcessSearch, ProcessThatIsNamedDifferentlyTheSecondTimeIsNotTaken) {
  const auto child = testing::Child::Sleeping();
  ASSERT_TRUE(testing::Eventually([&] { return Named(child.pid()) == child.pid(); }));
  const auto opener = MakeLinuxProcessOpener();
  int asked = 0;
  const auto found = FindNamedProcess(
      *opener, [&] { return Result(std::optional(asked++ == 0 ? child.pid() : ::getpid())); });
  ASSERT_TRUE(found);
  EXPECT_FALSE(*found);
  EXPECT_EQ(asked, 2);
}

TEST(ProcessSearch, WhoCannotTellIsNoAnswer) {
  const auto opener = MakeLinuxProcessOpener();
  const auto found = FindNamedProcess(*opener, []() -> Result<std::optional<pid_t>> {
    return Error(ErrorCode::kUnavailable, "away");
  });
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().code(), ErrorCode::kUnavailable);
}

}  // namespace
}  // namespace surety
