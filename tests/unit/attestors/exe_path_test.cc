#include "attestors/exe_path.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "attestors/boot_now.h"
#include "tests/unit/attestors/child_process.h"

namespace surety {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::Folder;
using testing::WriteFile;

UniqueFd OpenPath(const std::string& path) {
  return UniqueFd(::open(path.c_str(), O_PATH | O_CLOEXEC));
}
FileIdentity IdentityOf(const std::string& path) {
  return LookAtFile(OpenPath(path).get(), MountIdKind::kListed)->identity;
}

TEST(NameOfOpenFile, FollowsRenamesAndMarksDeletion) {
  const Folder folder;
  ASSERT_TRUE(WriteFile(folder.File("a"), "x"));
  const UniqueFd file = OpenPath(folder.File("a"));
  EXPECT_EQ(*NameOfOpenFile(file.get()), folder.File("a"));
  ASSERT_EQ(::rename(folder.File("a").c_str(), folder.File("b").c_str()), 0);
  EXPECT_EQ(*NameOfOpenFile(file.get()), folder.File("b"));
  ASSERT_EQ(::unlink(folder.File("b").c_str()), 0);
  EXPECT_EQ(*NameOfOpenFile(file.get()), folder.File("b") + " (deleted)");
  EXPECT_EQ(NameOfOpenFile(-1).error().code(), ErrorCode::kUnavailable);
}

// Asks again while a worker of before has not put down its work.
bool Leads(PathCheck& check, const std::string& path, const FileIdentity& file) {
  Result<bool> got = Error(ErrorCode::kInternal, "not asked");
  EXPECT_TRUE(testing::Eventually([&] {
    got = check.LeadsTo(path, file, 1, seconds(10));
    return got || got.error().code() != ErrorCode::kUnavailable;
  }));
  return *got;
}

class PathCheckTest : public ::testing::Test {
 protected:
  PathCheckTest() {
    EXPECT_TRUE(WriteFile(a_, "a"));
    EXPECT_TRUE(WriteFile(b_, "b"));
  }
  const Folder folder_;
  const std::string a_ = folder_.File("a");
  const std::string b_ = folder_.File("b");
  PathCheck check_{std::make_shared<const UniqueFd>(OpenPath("/")), BootNow};
};

TEST_F(PathCheckTest, KnowsTheFileFromAnother) {
  EXPECT_TRUE(Leads(check_, a_, IdentityOf(a_)));
  EXPECT_FALSE(Leads(check_, a_, IdentityOf(b_)));
}

TEST_F(PathCheckTest, FileInUseNeedsNoWorker) {
  const UniqueFd in_use = OpenPath(a_);
  for (int i = 0; i < 100; ++i)
    EXPECT_TRUE(*check_.LeadsTo(a_, IdentityOf(a_), 1, milliseconds(0)));
}

TEST_F(PathCheckTest, PathThatLeadsNowhereIsNo) {
  EXPECT_FALSE(Leads(check_, folder_.File("none/at/all"), IdentityOf(a_)));
  EXPECT_FALSE(Leads(check_, a_ + "/below/a/file", IdentityOf(a_)));
  EXPECT_FALSE(Leads(check_, "relative", IdentityOf(a_)));
  EXPECT_FALSE(Leads(check_, "", IdentityOf(a_)));
  EXPECT_FALSE(Leads(check_, "/" + std::string(10'000, 'x'), IdentityOf(a_)));
}

TEST_F(PathCheckTest, SymbolicLinkAtTheEndIsNotTheFile) {
  ASSERT_EQ(::symlink(a_.c_str(), folder_.File("link").c_str()), 0);
  EXPECT_FALSE(Leads(check_, folder_.File("link"), IdentityOf(a_)));
}

TEST_F(PathCheckTest, WithoutARootNothingIsKnown) {
  PathCheck blind(nullptr, BootNow);
  EXPECT_EQ(blind.LeadsTo(a_, IdentityOf(a_), 1, seconds(1)).error().code(),
            ErrorCode::kUnavailable);
}

TEST_F(PathCheckTest, RootIsTheOneGivenAndNotOurs) {
  PathCheck inside(std::make_shared<const UniqueFd>(OpenPath(folder_.path())), BootNow);
  EXPECT_TRUE(Leads(inside, "/a", IdentityOf(a_)));
  EXPECT_FALSE(Leads(inside, a_, IdentityOf(a_)));
}

}  // namespace
}  // namespace surety
