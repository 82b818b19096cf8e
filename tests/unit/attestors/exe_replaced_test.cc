#include "attestors/exe_replaced.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "attestors/boot_now.h"
#include "tests/unit/attestors/child_process.h"

namespace surety {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::WriteFile;

// /tmp can be written by everyone, so the tests' tree stands below /root's parent.
class OwnTree {
 public:
  OwnTree() : path_("/var/lib/surety-test-" + std::to_string(::getpid())) {
    std::filesystem::create_directories(path_ + "/bin");
  }
  OwnTree(const OwnTree&) = delete;
  OwnTree& operator=(const OwnTree&) = delete;
  ~OwnTree() { std::filesystem::remove_all(path_); }
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  const std::string path_;
};

class ReplacedTest : public ::testing::Test {
 protected:
  ReplacedTest() {
    EXPECT_TRUE(WriteFile(exe_, "old"));
    old_ = UniqueFd(::open(exe_.c_str(), O_PATH | O_CLOEXEC));
  }
  void Replace() {
    ASSERT_TRUE(WriteFile(tree_.path() + "/new", "new"));
    ASSERT_EQ(::rename((tree_.path() + "/new").c_str(), exe_.c_str()), 0);
  }
  FileIdentity Old() { return LookAtFile(old_.get(), MountIdKind::kListed)->identity; }
  bool IsReplaced(const std::string& path) {
    const auto replaced = ReplacedCheck(root_, BootNow).IsReplaced(path, Old(), 1, seconds(10));
    EXPECT_TRUE(replaced) << replaced.error().Text();
    return replaced && *replaced;
  }
  const OwnTree tree_;
  const std::string exe_ = tree_.path() + "/bin/web";
  UniqueFd old_;
  const std::shared_ptr<const UniqueFd> root_ =
      std::make_shared<const UniqueFd>(::open("/", O_PATH | O_CLOEXEC));
};

TEST_F(ReplacedTest, AnotherFileOfRootsUnderTheOldName) {
  Replace();
  EXPECT_TRUE(IsReplaced(exe_));
}

TEST_F(ReplacedTest, SameFileOrNoneIsNoReplacement) {
  EXPECT_FALSE(IsReplaced(exe_));
  ASSERT_EQ(::unlink(exe_.c_str()), 0);
  EXPECT_FALSE(IsReplaced(exe_));
  EXPECT_FALSE(IsReplaced("web"));
  EXPECT_FALSE(IsReplaced(""));
  EXPECT_FALSE(IsReplaced("/memfd:web"));
}

TEST_F(ReplacedTest, FileThatAnotherCouldHavePutThereIsNone) {
  Replace();
  ASSERT_EQ(::chown(exe_.c_str(), 1001, 0), 0);
  EXPECT_FALSE(IsReplaced(exe_));
  ASSERT_EQ(::chown(exe_.c_str(), 0, 0), 0);
  for (const mode_t mode : {0775U, 0757U}) {
    ASSERT_EQ(::chmod(exe_.c_str(), mode), 0);
    EXPECT_FALSE(IsReplaced(exe_));
  }
  ASSERT_EQ(::chmod(exe_.c_str(), 0755), 0);
  EXPECT_TRUE(IsReplaced(exe_));
}

TEST_F(ReplacedTest, EveryFolderOnTheWayMustBeRoots) {
  Replace();
  for (const std::string& folder : {tree_.path() + "/bin", tree_.path()}) {
    ASSERT_EQ(::chown(folder.c_str(), 1001, 0), 0);
    EXPECT_FALSE(IsReplaced(exe_)) << folder;
    ASSERT_EQ(::chown(folder.c_str(), 0, 0), 0);
    ASSERT_EQ(::chmod(folder.c_str(), 0777), 0);
    EXPECT_FALSE(IsReplaced(exe_)) << folder;
    ASSERT_EQ(::chmod(folder.c_str(), 0755), 0);
  }
  EXPECT_TRUE(IsReplaced(exe_));
}

TEST_F(ReplacedTest, SymbolicLinkAnywhereOnTheWayIsNone) {
  Replace();
  const std::string link = tree_.path() + "/link";
  ASSERT_EQ(::symlink((tree_.path() + "/bin").c_str(), link.c_str()), 0);
  EXPECT_FALSE(IsReplaced(link + "/web"));
  ASSERT_EQ(::symlink(exe_.c_str(), (tree_.path() + "/web").c_str()), 0);
  EXPECT_FALSE(IsReplaced(tree_.path() + "/web"));
}

TEST_F(ReplacedTest, FolderAndFileOfAnotherDeviceAreNone) {
  EXPECT_FALSE(IsReplaced(tree_.path() + "/bin"));
  EXPECT_FALSE(IsReplaced("/proc/version"));
}

TEST_F(ReplacedTest, AnswerComesLaterAndCanBeForgotten) {
  ReplacedCheck check(root_, BootNow);
  const auto pending = check.IsReplaced(exe_, Old(), 1, milliseconds(0));
  if (!pending) {
    EXPECT_EQ(pending.error().code(), ErrorCode::kUnavailable);
  }
  EXPECT_TRUE(testing::Eventually(
      [&] { return check.IsReplaced(exe_, Old(), 1, milliseconds(0)).has_value(); }));
  EXPECT_FALSE(*check.IsReplaced(exe_, Old(), 1, milliseconds(0)));
  Replace();
  check.Forget(exe_, Old(), 1);
  EXPECT_TRUE(*check.IsReplaced(exe_, Old(), 1, seconds(10)));
}

TEST_F(ReplacedTest, WithoutARootNothingIsKnown) {
  EXPECT_EQ(ReplacedCheck(nullptr, BootNow).IsReplaced(exe_, Old(), 1, seconds(1)).error().code(),
            ErrorCode::kUnavailable);
}

}  // namespace
}  // namespace surety
