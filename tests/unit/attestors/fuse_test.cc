#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <thread>

#include "attestors/boot_now.h"
#include "attestors/exe_hasher.h"
#include "attestors/exe_path.h"
#include "attestors/linux_process.h"
#include "attestors/unix_attestor.h"
#include "tests/fakes/fake_process.h"
#include "tests/unit/attestors/child_process.h"
#include "tests/unit/attestors/fuse_server.h"

// Executables on a file system whose owner is a hostile program. Runs as root.
namespace surety {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::Child;
using testing::Eventually;
using testing::Folder;
using testing::FuseServer;

std::string ContentsOf(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

class FuseTest : public ::testing::Test {
 protected:
  FuseTest() : server_(mount_.path(), ContentsOf("/bin/sleep")) {}
  void SetUp() override {
    ASSERT_TRUE(server_.ok()) << "mounting FUSE needs root and /dev/fuse: " << std::strerror(errno);
  }
  const Folder mount_;
  FuseServer server_;
};

TEST_F(FuseTest, HangingBinaryIsAnsweredAtOnceAsUnhashed) {
  const auto child = Child::Running({server_.exe(), "600"});
  ASSERT_EQ(child.error(), 0) << std::strerror(child.error());
  server_.Hang();
  const auto opener = MakeLinuxProcessOpener();
  const UnixAttestor attestor({}, SeeHost(*opener));
  const auto process = opener->OpenByPid(child.pid());
  ASSERT_TRUE(process);
  const auto begin = std::chrono::steady_clock::now();
  const auto seen = attestor.Attest(PeerOf(*process), BootNow() + seconds(10));
  EXPECT_LT(std::chrono::steady_clock::now() - begin, seconds(2));
  ASSERT_TRUE(seen);
  EXPECT_TRUE(seen->selectors.Contains({"unix", "exe:unhashed"}));
  for (const auto& fact : seen->missing) EXPECT_NE(fact.kind, "unix:sha256") << fact.why.Text();
  EXPECT_EQ(server_.unanswered(), 0);
}

// The kernel itself does not follow an environment onto a file's page. But whoever
// reads another page of the process through /proc/PID/mem holds its memory's lock
// meanwhile, and behind a writer that waits for it nobody gets in any more.
TEST_F(FuseTest, MemoryThatIsLockedForEverHoldsUpNobody) {
  static constexpr std::uintptr_t kPage = 0x7000'0000'0000;
  const UniqueFd file(::open(server_.exe().c_str(), O_RDONLY | O_CLOEXEC));
  auto child = Child::Sleeping([&] {
    void* const at = reinterpret_cast<void*>(kPage);
    const auto lock = [](int) {
      ::munmap(reinterpret_cast<void*>(kPage + 4096), 4096);
      ::pause();
    };
    return ::mmap(at, 4096, PROT_READ, MAP_PRIVATE | MAP_FIXED, file.get(), 0) == at &&
           ::signal(SIGUSR1, lock) != SIG_ERR;
  });
  ASSERT_EQ(child.error(), 0) << std::strerror(child.error());
  const auto opener = MakeLinuxProcessOpener();
  const auto process = *opener->OpenByPid(child.pid());
  const std::string folder = "/proc/" + std::to_string(child.pid());
  const UniqueFd memory(::open((folder + "/mem").c_str(), O_RDONLY | O_CLOEXEC));
  server_.Hang();
  std::thread reader([&] {
    char byte = 0;
    EXPECT_LT(::pread(memory.get(), &byte, 1, static_cast<off_t>(kPage)), 0);
  });
  ASSERT_TRUE(Eventually([&] { return server_.unanswered() == 1; }));
  ASSERT_EQ(::kill(child.pid(), SIGUSR1), 0);
  ASSERT_TRUE(Eventually(
      [&] { return process->ReadFile("status", 65536)->find("State:\tD") != std::string::npos; }));

  const UnixAttestor attestor({}, SeeHost(*opener));
  const auto begin = std::chrono::steady_clock::now();
  for (int i = 0; i < 20; ++i) {
    const auto seen = attestor.Attest(PeerOf(process), BootNow() + seconds(10));
    ASSERT_TRUE(seen);
    EXPECT_TRUE(std::any_of(seen->missing.begin(), seen->missing.end(),
                            [](const MissingFact& fact) { return fact.kind == "unix:env"; }));
  }
  EXPECT_LT(std::chrono::steady_clock::now() - begin, seconds(2));
  server_.LetGo();
  reader.join();
}

// The hasher by itself, as if the mount had not been recognised for what it is.
class HasherOnFuse : public FuseTest {
 protected:
  Result<ExeHasher::Hash> Ask(ExeHasher& hasher, const std::string& path, uid_t share,
                              BootClock::duration patience, std::uint64_t inode_offset = 0) {
    const UniqueFd file(::open(path.c_str(), O_PATH | O_CLOEXEC));
    auto facts = LookAtFile(file.get(), MountIdKind::kListed);
    facts->identity.inode += inode_offset;
    return hasher.Sha256(file.get(), facts->identity, share, patience);
  }
};

TEST_F(HasherOnFuse, FileOnFuseIsDefinitelyUnhashed) {
  ExeHasher hasher({}, BootNow);
  const auto hash = Ask(hasher, server_.exe(), 1, seconds(10));
  ASSERT_TRUE(hash) << hash.error().Text();
  EXPECT_FALSE(*hash);
}

TEST_F(HasherOnFuse, HangingFilesOfOneUserHoldUpNobodyElse) {
  const auto begin = std::chrono::steady_clock::now();
  {
    ExeHashLimits limits;
    limits.workers.grace = milliseconds(100);
    limits.per_file = milliseconds(200);
    ExeHasher hasher(limits, BootNow);
    server_.Hang();
    for (std::uint64_t i = 0; i < 20; ++i)
      EXPECT_FALSE(Ask(hasher, server_.exe(), 1001, milliseconds(0), i));
    ASSERT_TRUE(Eventually([&] { return server_.unanswered() == 2; }));

    Result<ExeHasher::Hash> other = Error(ErrorCode::kInternal, "not asked");
    EXPECT_TRUE(Eventually([&] {
      other = Ask(hasher, "/bin/sleep", 1002, milliseconds(5));
      return other && *other;
    }));
    EXPECT_TRUE(Eventually([&] {
      return Ask(hasher, server_.exe(), 1001, milliseconds(0)).error().code() ==
             ErrorCode::kDeadline;
    }));
    EXPECT_EQ(server_.unanswered(), 2);
  }
  EXPECT_LT(std::chrono::steady_clock::now() - begin, seconds(15));
}

TEST_F(HasherOnFuse, PathOnAHangingFileSystemHoldsUpNobody) {
  PathCheck check(std::make_shared<const UniqueFd>(::open("/", O_PATH | O_CLOEXEC)), BootNow);
  const UniqueFd file(::open(server_.exe().c_str(), O_PATH | O_CLOEXEC));
  const auto facts = LookAtFile(file.get(), MountIdKind::kListed);
  server_.Hang();
  const auto begin = std::chrono::steady_clock::now();
  [[maybe_unused]] const auto verdict =
      check.LeadsTo(server_.exe(), facts->identity, 1001, milliseconds(5));
  [[maybe_unused]] const auto nowhere =
      check.LeadsTo(server_.exe() + "-not", facts->identity, 1001, milliseconds(5));
  EXPECT_LT(std::chrono::steady_clock::now() - begin, seconds(2));
}

}  // namespace
}  // namespace surety
