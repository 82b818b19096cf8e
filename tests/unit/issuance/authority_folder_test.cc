#include "agent/issuance/authority_folder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent/issuance/der_writer.h"
#include "tests/unit/issuance/issuance_support.h"

namespace surety {
namespace {

using testing::AllOf;
using testing::HasSubstr;
namespace fs = std::filesystem;

DiskWrites& Disk() {
  static DiskWrites disk;
  return disk;
}

mode_t ModeOf(const std::string& path) {
  struct stat found {};
  EXPECT_EQ(::lstat(path.c_str(), &found), 0) << path;
  return found.st_mode & 07777U;
}

std::string WhyRefused(const std::string& state_dir,
                       ErrorCode code = ErrorCode::kPermissionDenied) {
  const auto folder = AuthorityFolder::Open(state_dir, Disk());
  EXPECT_FALSE(folder);
  if (folder) return "it was taken";
  EXPECT_EQ(folder.error().code(), code) << folder.error().Text();
  return folder.error().Text();
}

TEST(AuthorityFolder, IsMadeForOurselvesAlone) {
  const TempFolder temp;
  const auto old = ::umask(0);
  auto folder = AuthorityFolder::Open(temp.Path("state"), Disk());
  ASSERT_TRUE(folder) << folder.error().Text();
  ASSERT_TRUE(folder->Replace("a.pem", AsBytes("secret")));
  ::umask(old);
  EXPECT_EQ(ModeOf(temp.Path("state")), 0700U);
  EXPECT_EQ(ModeOf(temp.Path("state/authority")), 0700U);
  EXPECT_EQ(ModeOf(temp.Path("state/authority/a.pem")), 0600U);
  EXPECT_EQ(ModeOf(temp.Path("state/authority/lock")), 0600U);
}

TEST(AuthorityFolder, ReadsBackWhatWasReplaced) {
  const TempFolder temp;
  auto folder = AuthorityFolder::Open(temp.Path("state"), Disk());
  ASSERT_TRUE(folder);
  ASSERT_TRUE(folder->Replace("a", AsBytes("one")));
  ASSERT_TRUE(folder->Replace("a", AsBytes("two")));
  EXPECT_EQ(AsText(folder->Read("a", 3)->Reveal()), "two");
  EXPECT_EQ(folder->Read("a", 2).error().code(), ErrorCode::kResourceExhausted);
  EXPECT_EQ(folder->Read("b", 3).error().code(), ErrorCode::kNotFound);
  ASSERT_TRUE(folder->Remove("a"));
  EXPECT_EQ(folder->Read("a", 3).error().code(), ErrorCode::kNotFound);
  EXPECT_FALSE(folder->Remove("a"));
}

TEST(AuthorityFolder, OpenToOthersIsRefused) {
  const TempFolder temp;
  ASSERT_TRUE(AuthorityFolder::Open(temp.Path("state"), Disk()));
  for (const std::string folder : {"state", "state/authority"}) {
    for (const auto bit : {fs::perms::group_read, fs::perms::group_exec, fs::perms::others_write}) {
      fs::permissions(temp.Path(folder), fs::perms::owner_all | bit);
      EXPECT_THAT(WhyRefused(temp.Path("state")),
                  AllOf(HasSubstr(temp.Path(folder)), HasSubstr("chmod 0700")));
    }
    fs::permissions(temp.Path(folder), fs::perms::owner_all);
  }
  EXPECT_TRUE(AuthorityFolder::Open(temp.Path("state"), Disk()));
}

TEST(AuthorityFolder, SymbolicLinkIsRefused) {
  const TempFolder temp;
  fs::create_directory(temp.Path("real"));
  fs::permissions(temp.Path("real"), fs::perms::owner_all);
  fs::create_directory_symlink(temp.Path("real"), temp.Path("link"));
  EXPECT_THAT(WhyRefused(temp.Path("link")), HasSubstr("symbolic link"));
  EXPECT_THAT(WhyRefused(temp.Path("link/")), HasSubstr("symbolic link"));
  fs::create_directory_symlink(temp.Path("link"), temp.Path("real/authority"));
  EXPECT_THAT(WhyRefused(temp.Path("real")), HasSubstr("symbolic link"));
}

TEST(AuthorityFolder, SomeoneElsesIsRefused) {
  ASSERT_EQ(::geteuid(), 0U) << "this test makes files of other users: run it as root";
  const TempFolder temp;
  ASSERT_TRUE(AuthorityFolder::Open(temp.Path("state"), Disk()));
  for (const std::string folder : {"state", "state/authority"}) {
    ASSERT_EQ(::chown(temp.Path(folder).c_str(), 1234, 0), 0);
    EXPECT_THAT(WhyRefused(temp.Path("state")),
                AllOf(HasSubstr(temp.Path(folder)), HasSubstr("uid 1234"), HasSubstr("chown")));
    ASSERT_EQ(::chown(temp.Path(folder).c_str(), 0, 0), 0);
  }
}

TEST(AuthorityFolder, FilesOfOthersOrOpenToOthersAreRefused) {
  ASSERT_EQ(::geteuid(), 0U) << "this test makes files of other users: run it as root";
  const TempFolder temp;
  auto folder = AuthorityFolder::Open(temp.Path("state"), Disk());
  ASSERT_TRUE(folder->Replace("a", AsBytes("x")));
  const std::string path = temp.Path("state/authority/a");
  fs::permissions(path, fs::perms::owner_read | fs::perms::group_read);
  EXPECT_EQ(folder->Read("a", 9).error().code(), ErrorCode::kPermissionDenied);
  fs::permissions(path, fs::perms::owner_read);
  EXPECT_TRUE(folder->Read("a", 9));
  ASSERT_EQ(::chown(path.c_str(), 1234, 0), 0);
  EXPECT_EQ(folder->Read("a", 9).error().code(), ErrorCode::kPermissionDenied);
  fs::create_symlink("/etc/hostname", temp.Path("state/authority/b"));
  EXPECT_EQ(folder->Read("b", 9999).error().code(), ErrorCode::kPermissionDenied);
  ASSERT_EQ(::mkfifo(temp.Path("state/authority/c").c_str(), 0600), 0);
  EXPECT_FALSE(folder->Read("c", 9));
}

TEST(AuthorityFolder, MissingParentAndUnwritablePlaceSayWhere) {
  EXPECT_THAT(WhyRefused("/no/such/place"), HasSubstr("/no/such/place"));
  EXPECT_THAT(WhyRefused("/proc/state"), HasSubstr("/proc/state"));
  const TempFolder temp;
  temp.Write("file", "x");
  EXPECT_THAT(WhyRefused(temp.Path("file")), HasSubstr("not a folder"));
}

TEST(AuthorityFolder, OneDaemonAtATime) {
  const TempFolder temp;
  {
    const auto first = AuthorityFolder::Open(temp.Path("state"), Disk());
    ASSERT_TRUE(first);
    const pid_t other = ::fork();
    if (other == 0) {
      const auto second = AuthorityFolder::Open(temp.Path("state"), Disk());
      const bool refused = !second && second.error().code() == ErrorCode::kAlreadyExists &&
                           second.error().Text().find("another daemon") != std::string::npos;
      ::_exit(refused ? 0 : 1);
    }
    int status = -1;
    ASSERT_EQ(::waitpid(other, &status, 0), other);
    EXPECT_EQ(status, 0);
  }
  EXPECT_TRUE(AuthorityFolder::Open(temp.Path("state"), Disk()));
}

TEST(AuthorityFolder, RemovesWhatACutOffWriteLeft) {
  const TempFolder temp;
  ASSERT_TRUE(AuthorityFolder::Open(temp.Path("state"), Disk()));
  temp.Write("state/authority/a.pem.tmp", "half");
  temp.Write("state/authority/b.pem", "whole");
  ASSERT_TRUE(AuthorityFolder::Open(temp.Path("state"), Disk()));
  EXPECT_EQ(NamesIn(temp.Path("state/authority"), ""), (std::vector<std::string>{"b.pem", "lock"}));
}

}  // namespace
}  // namespace surety
