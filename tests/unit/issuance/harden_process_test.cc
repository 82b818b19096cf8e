#include "agent/issuance/harden_process.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>

#include "surety/unique_fd.h"

namespace surety {
namespace {

constexpr uid_t kDaemon = 1234;

// Runs in a process of its own, which it may spoil. Returns its exit status.
template <typename Body>
int InChild(Body body) {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(body());
  int status = -1;
  EXPECT_EQ(::waitpid(child, &status, 0), child);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

// 0 or the errno of opening for reading.
int Open(const std::string& path, int flags = O_RDONLY) {
  const UniqueFd file(::open(path.c_str(), flags | O_CLOEXEC));
  return file ? 0 : errno;
}

// An ordinary user with these capabilities and no others, as a unit's
// AmbientCapabilities= makes it; dumpable, as after exec.
bool BecomeDaemon(std::uint32_t capabilities) {
  __user_cap_header_struct header{.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
  __user_cap_data_struct data[2] = {
      {.effective = capabilities, .permitted = capabilities, .inheritable = 0}, {}};
  return ::prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) == 0 && ::setgid(kDaemon) == 0 &&
         ::setuid(kDaemon) == 0 && ::syscall(SYS_capset, &header, &data) == 0 &&
         ::prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) == 0;
}

class HardenProcessTest : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_EQ(::geteuid(), 0U) << "this test becomes other users: run it as root";
  }
};

TEST_F(HardenProcessTest, LeavesNoCoreAndGainsNoPower) {
  EXPECT_EQ(InChild([] {
              if (!HardenProcess()) return 1;
              rlimit core{};
              if (::getrlimit(RLIMIT_CORE, &core) != 0 || core.rlim_max != 0) return 2;
              if (::prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) != 0) return 3;
              if (::prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1) return 4;
              return 0;
            }),
            0);
}

TEST_F(HardenProcessTest, RootStillReadsItsOwnProc) {
  EXPECT_EQ(InChild([] {
              if (!HardenProcess()) return 1;
              for (const std::string name : {"status", "stat", "environ", "maps", "cgroup"}) {
                if (Open("/proc/self/" + name) != 0) return 2;
              }
              return Open("/proc/self/fd", O_RDONLY | O_DIRECTORY) == 0 ? 0 : 3;
            }),
            0);
}

TEST_F(HardenProcessTest, DaemonWithItsCapabilitiesStillReadsItsOwnProc) {
  EXPECT_EQ(InChild([] {
              if (!BecomeDaemon((1U << CAP_SYS_PTRACE) | (1U << CAP_DAC_READ_SEARCH))) return 1;
              if (!HardenProcess()) return 2;
              for (const std::string name : {"status", "stat", "environ", "maps", "cgroup"}) {
                if (Open("/proc/self/" + name) != 0) return 3;
              }
              return Open("/proc/self/fd", O_RDONLY | O_DIRECTORY) == 0 ? 0 : 4;
            }),
            0);
}

TEST_F(HardenProcessTest, DaemonWithoutCapabilitiesLosesOnlyItsPrivateProcFiles) {
  EXPECT_EQ(InChild([] {
              if (!BecomeDaemon(0)) return 1;
              if (Open("/proc/self/environ") != 0) return 2;
              if (!HardenProcess()) return 3;
              if (Open("/proc/self/environ") != EACCES) return 4;
              for (const std::string name : {"status", "stat", "cgroup"}) {
                if (Open("/proc/self/" + name) != 0) return 5;
              }
              if (Open("/proc/self/fd", O_RDONLY | O_DIRECTORY) != 0) return 6;
              const UniqueFd null(::open("/dev/null", O_RDONLY | O_CLOEXEC));
              return Open("/proc/self/fd/" + std::to_string(null.get())) == 0 ? 0 : 7;
            }),
            0);
}

TEST_F(HardenProcessTest, NoProcessOfTheSameUidReadsItsMemory) {
  EXPECT_EQ(InChild([] {
              if (!BecomeDaemon(0)) return 1;
              const std::string memory = "/proc/" + std::to_string(::getpid()) + "/mem";
              const auto tried_by_another = [&memory] {
                return InChild([&] { return Open(memory); });
              };
              if (tried_by_another() != 0) return 2;
              if (!HardenProcess()) return 3;
              return tried_by_another() == EACCES ? 0 : 4;
            }),
            0);
}

}  // namespace
}  // namespace surety
