#include "attestors/exe_hasher.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "attestors/boot_now.h"
#include "attestors/sha256_file.h"
#include "tests/unit/attestors/child_process.h"

namespace surety {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::Eventually;
using testing::Folder;
using testing::WriteFile;

constexpr char kAbc[] = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
constexpr char kEmpty[] = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

TEST(Sha256OfFile, MatchesThePublishedVectors) {
  const Folder folder;
  ASSERT_TRUE(WriteFile(folder.File("abc"), "abc"));
  const UniqueFd file(::open(folder.File("abc").c_str(), O_RDONLY | O_CLOEXEC));
  const BootTime later = BootNow() + seconds(10);
  EXPECT_EQ(*Sha256OfFile(file.get(), 3, later, {}), kAbc);
  EXPECT_EQ(*Sha256OfFile(file.get(), 0, later, {}), kEmpty);
  // FIPS 180-4's third vector: a million times "a".
  ASSERT_TRUE(WriteFile(folder.File("a"), std::string(1'000'000, 'a')));
  const UniqueFd large(::open(folder.File("a").c_str(), O_RDONLY | O_CLOEXEC));
  EXPECT_EQ(*Sha256OfFile(large.get(), 1'000'000, later, {}),
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST(Sha256OfFile, EndsAtTheDeadlineAndWhenStopped) {
  const Folder folder;
  ASSERT_TRUE(WriteFile(folder.File("abc"), "abc"));
  const UniqueFd file(::open(folder.File("abc").c_str(), O_RDONLY | O_CLOEXEC));
  EXPECT_EQ(Sha256OfFile(file.get(), 3, BootNow(), {}).error().code(), ErrorCode::kDeadline);
  std::stop_source stop;
  stop.request_stop();
  EXPECT_EQ(Sha256OfFile(file.get(), 3, BootNow() + seconds(9), stop.get_token()).error().code(),
            ErrorCode::kUnavailable);
  EXPECT_EQ(Sha256OfFile(file.get(), 4, BootNow() + seconds(9), {}).error().code(),
            ErrorCode::kUnavailable);
}

class ExeHasherTest : public ::testing::Test {
 protected:
  // Asks until there is an answer other than "not yet".
  Result<ExeHasher::Hash> Ask(ExeHasher& hasher, const std::string& path) {
    Result<ExeHasher::Hash> got = Error(ErrorCode::kInternal, "not asked");
    Eventually([&] {
      const UniqueFd file(::open(path.c_str(), O_PATH | O_CLOEXEC));
      const auto facts = LookAtFile(file.get(), MountIdKind::kListed);
      got = hasher.Sha256(file.get(), facts->identity, 1, milliseconds(5));
      return got || got.error().code() != ErrorCode::kUnavailable;
    });
    return got;
  }
  const Folder folder_;
  const std::string path_ = folder_.File("exe");
};

TEST_F(ExeHasherTest, HashesAndRemembers) {
  ExeHasher hasher({}, BootNow);
  ASSERT_TRUE(WriteFile(path_, "abc"));
  EXPECT_EQ(*Ask(hasher, path_), kAbc);
  const UniqueFd file(::open(path_.c_str(), O_PATH | O_CLOEXEC));
  const auto facts = LookAtFile(file.get(), MountIdKind::kListed);
  EXPECT_EQ(*hasher.Sha256(file.get(), facts->identity, 1, milliseconds(0)), kAbc);
}

TEST_F(ExeHasherTest, NeedsNoReadPermissionBitOfTheFile) {
  ExeHasher hasher({}, BootNow);
  ASSERT_TRUE(WriteFile(path_, "abc"));
  ASSERT_EQ(::chmod(path_.c_str(), 0111), 0);
  EXPECT_EQ(*Ask(hasher, path_), kAbc);
}

TEST_F(ExeHasherTest, LargerThanTheCapIsDefinitelyUnhashed) {
  ExeHashLimits limits;
  limits.max_bytes = 2;
  ExeHasher hasher(limits, BootNow);
  ASSERT_TRUE(WriteFile(path_, "abc"));
  const auto hash = Ask(hasher, path_);
  ASSERT_TRUE(hash);
  EXPECT_FALSE(*hash);
}

TEST_F(ExeHasherTest, RewrittenFileNeverAnswersWithItsOldHash) {
  ExeHasher hasher({}, BootNow);
  for (int round = 0; round < 20; ++round) {
    // Same size, same inode, and often within one tick of the file system's clock.
    ASSERT_TRUE(WriteFile(path_, "xyz"));
    const auto before = Ask(hasher, path_);
    ASSERT_TRUE(WriteFile(path_, "abc"));
    ASSERT_EQ(*Ask(hasher, path_), kAbc);
    ASSERT_NE(*before, kAbc);
  }
}

TEST_F(ExeHasherTest, FileThatJustChangedHasToWait) {
  ExeHasher hasher({}, BootNow);
  ASSERT_TRUE(WriteFile(path_, "abc"));
  const UniqueFd file(::open(path_.c_str(), O_PATH | O_CLOEXEC));
  auto facts = LookAtFile(file.get(), MountIdKind::kListed);
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  facts->identity.changed_ns = std::chrono::nanoseconds(now).count() | 1;
  const auto hash = hasher.Sha256(file.get(), facts->identity, 1, seconds(1));
  ASSERT_FALSE(hash);
  EXPECT_EQ(hash.error().code(), ErrorCode::kUnavailable);
}

TEST_F(ExeHasherTest, FileThatChangedSinceItWasLookedAtIsNotHashed) {
  ExeHasher hasher({}, BootNow);
  ASSERT_TRUE(WriteFile(path_, "abc"));
  const UniqueFd file(::open(path_.c_str(), O_PATH | O_CLOEXEC));
  auto facts = LookAtFile(file.get(), MountIdKind::kListed);
  facts->identity.changed_ns -= 60'000'000'001;
  const auto hash = hasher.Sha256(file.get(), facts->identity, 1, seconds(10));
  ASSERT_FALSE(hash);
  EXPECT_EQ(hash.error().code(), ErrorCode::kUnavailable);
}

TEST(FileIdentity, SettlesAfterATickOfItsClock) {
  const auto at = [](std::int64_t ns) { return WallTime(std::chrono::nanoseconds(ns)); };
  FileIdentity file;
  file.changed_ns = 5'000'000'001;
  EXPECT_FALSE(file.SettledBy(at(5'000'000'002)));
  EXPECT_FALSE(file.SettledBy(at(5'019'999'999)));
  EXPECT_TRUE(file.SettledBy(at(5'020'000'001)));
  file.changed_ns = 5'000'000'000;  // Whole seconds: the clock may be that coarse.
  EXPECT_FALSE(file.SettledBy(at(7'000'000'000)));
  EXPECT_TRUE(file.SettledBy(at(7'100'000'000)));
  file.changed_ns = 5'000'000'001;
  EXPECT_FALSE(file.SettledBy(at(4'900'000'000)));  // Ahead of us by less than two seconds.
  EXPECT_TRUE(file.SettledBy(at(1'000'000'000)));   // Far ahead: not by this clock.
}

TEST(LookAtFile, CountsNames) {
  const UniqueFd memfd(::memfd_create("x", MFD_CLOEXEC));
  const auto facts = LookAtFile(memfd.get(), MountIdKind::kListed);
  ASSERT_TRUE(facts);
  EXPECT_EQ(facts->links, 0U);
  const UniqueFd file(::open("/proc/self/exe", O_PATH | O_CLOEXEC));
  EXPECT_GE(LookAtFile(file.get(), MountIdKind::kListed)->links, 1U);
  EXPECT_FALSE(LookAtFile(-1, MountIdKind::kListed));
}

}  // namespace
}  // namespace surety
