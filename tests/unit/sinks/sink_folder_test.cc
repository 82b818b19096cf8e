#include "agent/sinks/sink_folder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "tests/unit/command/scratch_folder.h"

namespace surety {
namespace {

using ::testing::HasSubstr;

std::vector<SinkFile> Files(const std::string& text) {
  const std::vector<std::uint8_t> bytes(text.begin(), text.end());
  std::vector<SinkFile> files;
  files.push_back({.name = "svid.pem", .bytes = SecretBytes(bytes)});
  files.push_back({.name = "key.pem", .bytes = SecretBytes(bytes), .holds_key = true});
  return files;
}

std::vector<std::string> NamesIn(const std::string& path) {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(path))
    names.push_back(entry.path().filename());
  return names;
}

std::string LinkOf(const ScratchFolder& scratch) {
  return std::filesystem::read_symlink(scratch / "current");
}

Result<void> Put(const ScratchFolder& scratch, const std::string& text) {
  auto folder = SinkFolder::Open({.path = scratch.path(), .key_mode = 0640});
  if (!folder) return folder.error();
  auto put = folder->Put(Files(text));
  return put ? folder->Tidy() : put;
}

TEST(SinkFolder, LinkNamesAWholeSetWithItsModesWhateverTheUmask) {
  const ScratchFolder scratch;
  const mode_t before = ::umask(0077);
  const auto put = Put(scratch, "one");
  ::umask(before);
  ASSERT_TRUE(put) << put.error().Text();
  EXPECT_EQ(ReadAll(scratch / "current/svid.pem"), "one");
  EXPECT_EQ(ReadAll(scratch / "current/key.pem"), "one");
  EXPECT_EQ(ModeOf(scratch / "current/svid.pem"), 0644U);
  EXPECT_EQ(ModeOf(scratch / "current/key.pem"), 0640U);
  EXPECT_EQ(ModeOf(scratch / LinkOf(scratch)) & 0777U, 0755U);
  EXPECT_THAT(LinkOf(scratch), ::testing::MatchesRegex("set-[0-9a-f]{16}"));
}

TEST(SinkFolder, WhoeverHasBegunToReadASetCanEndAndOlderOnesGo) {
  const ScratchFolder scratch;
  ASSERT_TRUE(Put(scratch, "one"));
  const std::string first = LinkOf(scratch);
  ASSERT_TRUE(Put(scratch, "two"));
  EXPECT_EQ(ReadAll(scratch / (first + "/key.pem")), "one");
  EXPECT_EQ(ReadAll(scratch / "current/key.pem"), "two");
  ASSERT_TRUE(Put(scratch, "three"));
  EXPECT_FALSE(std::filesystem::exists(scratch / first));
  EXPECT_EQ(NamesIn(scratch.path()).size(), 3U);  // The link, its set and the one before.
}

TEST(SinkFolder, SetThatCannotBeWrittenLeavesTheOldOne) {
  const ScratchFolder scratch;
  ASSERT_TRUE(Put(scratch, "one"));
  auto folder = SinkFolder::Open({.path = scratch.path()});
  ASSERT_TRUE(folder);
  std::vector<SinkFile> files = Files("two");
  files.push_back({.name = "no/such", .bytes = SecretBytes()});
  EXPECT_FALSE(folder->Put(files));
  EXPECT_EQ(ReadAll(scratch / "current/svid.pem"), "one");
  EXPECT_EQ(NamesIn(scratch.path()).size(), 2U);
}

TEST(SinkFolder, ClearRemovesWhatItMadeAndNothingElse) {
  const ScratchFolder scratch;
  std::ofstream(scratch / "README") << "of the operator";
  ASSERT_TRUE(Put(scratch, "one"));
  ASSERT_TRUE(Put(scratch, "two"));
  auto folder = SinkFolder::Open({.path = scratch.path()});
  ASSERT_TRUE(folder);
  EXPECT_EQ(*folder->Clear(), true);
  EXPECT_EQ(NamesIn(scratch.path()), std::vector<std::string>{"README"});
  EXPECT_EQ(*folder->Clear(), false);
}

TEST(SinkFolder, WhatADaemonLeftThatEndedInBetweenIsNoObstacle) {
  const ScratchFolder scratch;
  std::filesystem::create_symlink("set-gone", scratch / ".current.new");
  std::filesystem::create_directory(scratch / "set-half");
  ASSERT_TRUE(Put(scratch, "one"));
  EXPECT_EQ(ReadAll(scratch / "current/svid.pem"), "one");
  EXPECT_EQ(NamesIn(scratch.path()).size(), 2U);
}

TEST(SinkFolder, FolderThatOthersCanWriteToIsRefused) {
  const ScratchFolder scratch;
  for (const mode_t mode : {0775U, 0757U, 01777U}) {
    ASSERT_EQ(::chmod(scratch.path().c_str(), mode), 0);
    const auto folder = SinkFolder::Open({.path = scratch.path()});
    ASSERT_FALSE(folder) << mode;
    EXPECT_EQ(folder.error().code(), ErrorCode::kPermissionDenied);
    EXPECT_THAT(folder.error().Text(), HasSubstr("chmod go-w " + scratch.path()));
  }
}

TEST(SinkFolder, FolderBelowOneThatOthersCanWriteToIsRefused) {
  const ScratchFolder scratch;
  std::filesystem::create_directory(scratch / "sink");
  ASSERT_EQ(::chmod(scratch.path().c_str(), 0775), 0);
  const auto folder = SinkFolder::Open({.path = scratch / "sink"});
  ASSERT_FALSE(folder);
  EXPECT_THAT(folder.error().Text(), HasSubstr(scratch.path() + " can be written by others"));
}

TEST(SinkFolder, SymbolicLinksInThePathAreRefused) {
  const ScratchFolder scratch;
  std::filesystem::create_directories(scratch / "real/sink");
  std::filesystem::create_symlink("real", scratch / "link");
  std::filesystem::create_symlink("real/sink", scratch / "last");
  for (const std::string path : {"link/sink", "last"}) {
    const auto folder = SinkFolder::Open({.path = scratch / path});
    ASSERT_FALSE(folder) << path;
    EXPECT_THAT(folder.error().Text(), HasSubstr("is a symbolic link"));
  }
  EXPECT_TRUE(SinkFolder::Open({.path = scratch / "real/sink/"}));
}

TEST(SinkFolder, FolderThatIsMissingIsTold) {
  const ScratchFolder scratch;
  const auto folder = SinkFolder::Open({.path = scratch / "none"});
  ASSERT_FALSE(folder);
  EXPECT_EQ(folder.error().code(), ErrorCode::kNotFound);
  EXPECT_THAT(folder.error().Text(), HasSubstr("make it"));
}

TEST(SinkFolder, GroupOfASetgidFolderIsTakenOver) {
  if (::geteuid() != 0) GTEST_FAIL() << "needs root, to give a folder away";
  const ScratchFolder scratch;
  constexpr gid_t kGroup = 12'345;
  ASSERT_EQ(::chown(scratch.path().c_str(), 0, kGroup), 0);
  ASSERT_EQ(::chmod(scratch.path().c_str(), 02750), 0);
  ASSERT_TRUE(Put(scratch, "one"));
  struct stat seen {};
  ASSERT_EQ(::stat((scratch / "current/key.pem").c_str(), &seen), 0);
  EXPECT_EQ(seen.st_gid, kGroup);
}

TEST(SinkFolder, FilesAreGivenToTheirOwner) {
  if (::geteuid() != 0) GTEST_FAIL() << "needs root, to give files away";
  const ScratchFolder scratch;
  auto folder = SinkFolder::Open({.path = scratch.path(), .owner = 12'345U, .group = 12'346U});
  ASSERT_TRUE(folder);
  ASSERT_TRUE(folder->Put(Files("one")));
  struct stat seen {};
  ASSERT_EQ(::stat((scratch / "current/key.pem").c_str(), &seen), 0);
  EXPECT_EQ(seen.st_uid, 12'345U);
  EXPECT_EQ(seen.st_gid, 12'346U);
  EXPECT_EQ(seen.st_mode & 0777U, 0600U);
}

}  // namespace
}  // namespace surety
