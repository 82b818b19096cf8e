#include <fcntl.h>
#include <gmock/gmock.h>
#include <grp.h>
#include <gtest/gtest.h>
#include <linux/capability.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/sendfile.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <fstream>

#include "attestors/boot_now.h"
#include "attestors/builtin.h"
#include "attestors/linux_process.h"
#include "tests/fakes/fake_process.h"
#include "tests/unit/attestors/child_process.h"

// What the unix attestor says of real processes. Runs as root.
namespace surety {
namespace {

using std::chrono::seconds;
using ::testing::AllOf;
using testing::BecomeUser;
using testing::Child;
using ::testing::Contains;
using testing::CopySleep;
using ::testing::Each;
using testing::Eventually;
using testing::Folder;
using ::testing::Not;
using ::testing::StartsWith;

class UnixOnKernel : public ::testing::Test {
 protected:
  UnixOnKernel() { EXPECT_TRUE(CopySleep(exe_)); }

  Result<Attestation> Ask(const std::shared_ptr<const ProcessHandle>& process) {
    Result<Attestation> seen = Error(ErrorCode::kInternal, "not asked");
    Eventually([&] {
      seen = AttestAll(attestors_, PeerOf(process), BootNow() + seconds(10));
      return !seen || seen->complete();
    });
    return seen;
  }
  std::vector<std::string> ValuesOf(pid_t pid) {
    const auto process = opener_->OpenByPid(pid);
    if (!process) return {process.error().Text()};
    const auto seen = Ask(*process);
    if (!seen) return {seen.error().Text()};
    std::vector<std::string> out;
    for (const auto& selector : seen->selectors)
      if (selector.type == "unix") out.push_back(selector.value);
    for (const auto& fact : seen->missing)
      out.push_back("missing " + fact.kind + ": " + fact.why.Text());
    std::rotate(out.begin(), out.end() - static_cast<std::ptrdiff_t>(seen->missing.size()),
                out.end());
    return out;
  }
  std::vector<std::string> ValuesOf(const Child& child) {
    EXPECT_EQ(child.error(), 0) << std::strerror(child.error());
    return ValuesOf(child.pid());
  }
  Child Run(const Child::Prepare& prepare = [] { return true; }) {
    return Child::Running({exe_, "600"}, prepare);
  }

  const Folder folder_;
  const std::string exe_ = folder_.File("web");
  const std::unique_ptr<ProcessOpener> opener_ = MakeLinuxProcessOpener();
  const std::vector<std::unique_ptr<Attestor>> attestors_ = BuiltinAttestors({});
};

TEST_F(UnixOnKernel, OrdinaryProcessIsKnownByUserPathAndHash) {
  const auto child = Run([] {
    const std::array<gid_t, 2> groups = {24, 7777};
    return ::setgroups(groups.size(), groups.data()) == 0 && ::setresgid(1, 2, 1) == 0 &&
           ::setresuid(1, 2, 1) == 0;
  });
  EXPECT_THAT(ValuesOf(child),
              AllOf(Contains("uid:2"), Contains("user:bin"), Contains("gid:2"),
                    Contains("group:bin"), Contains("supplementary_gid:24"),
                    Contains("supplementary_group:cdrom"), Contains("supplementary_gid:7777"),
                    Contains("path:" + exe_), Contains(StartsWith("sha256:"))));
  EXPECT_THAT(ValuesOf(child),
              AllOf(Contains("userns:host"), Contains("pidns:host"), Contains("container:none"),
                    Each(Not(StartsWith("cap:"))), Each(Not(StartsWith("exe:"))),
                    Each(Not(StartsWith("missing"))), Not(Contains("no_new_privs"))));
}

TEST_F(UnixOnKernel, HashIsThatOfTheFile) {
  ASSERT_EQ(::system(("sha256sum " + exe_ + " > " + folder_.File("sum")).c_str()), 0);
  std::string sum;
  std::ifstream(folder_.File("sum")) >> sum;
  EXPECT_THAT(ValuesOf(Run()), Contains("sha256:" + sum));
}

TEST_F(UnixOnKernel, NoNewPrivsAndSingleCapability) {
  const auto child = Run([] {
    __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
    std::array<__user_cap_data_struct, 2> data{};
    data[0].effective = data[0].permitted = data[0].inheritable = 1U << CAP_NET_RAW;
    return ::prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) == 0 && ::setresuid(1001, 1001, 1001) == 0 &&
           ::syscall(SYS_capset, &header, data.data()) == 0 &&
           ::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_NET_RAW, 0, 0) == 0 &&
           ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0;
  });
  auto values = ValuesOf(child);
  EXPECT_THAT(values, AllOf(Contains("no_new_privs"), Contains("cap:net_raw")));
  EXPECT_EQ(std::count_if(values.begin(), values.end(),
                          [](const std::string& value) { return value.starts_with("cap:"); }),
            1);
}

TEST_F(UnixOnKernel, TracedProcessSaysSo) {
  const auto child = Run();
  EXPECT_THAT(ValuesOf(child), Not(Contains("traced:true")));
  ASSERT_EQ(::ptrace(PTRACE_SEIZE, child.pid(), nullptr, nullptr), 0);
  EXPECT_THAT(ValuesOf(child), Contains("traced:true"));
}

TEST_F(UnixOnKernel, TracersRealUidIsTold) {
  const auto child = Run([] { return BecomeUser(1001) && ::prctl(PR_SET_DUMPABLE, 1) == 0; });
  const auto tracer = Child::Sleeping([&] {
    return BecomeUser(1001) && ::ptrace(PTRACE_SEIZE, child.pid(), nullptr, nullptr) == 0;
  });
  if (tracer.error() == EPERM) return;  // Yama forbids it here.
  EXPECT_THAT(ValuesOf(child), AllOf(Contains("traced:true"), Contains("tracer_uid:1001")));
}

TEST_F(UnixOnKernel, LoadersVariablesOfTheStartAreTold) {
  const auto child = Child::Running(
      {"/usr/bin/env", "LD_PRELOAD=", "LD_AUDIT=/nowhere", "/bin/sh", "-c", "kill -STOP $$"});
  const std::string link = "/proc/" + std::to_string(child.pid()) + "/exe";
  ASSERT_TRUE(Eventually([&] { return std::filesystem::read_symlink(link) != "/usr/bin/env"; }));
  EXPECT_THAT(ValuesOf(child), AllOf(Contains("env:LD_AUDIT"), Not(Contains("env:LD_PRELOAD"))));
}

TEST_F(UnixOnKernel, MountNamespaceAloneIsNoContainer) {
  const auto child = Run([] { return ::unshare(CLONE_NEWNS) == 0; });
  const auto host = ValuesOf(Run());
  const auto values = ValuesOf(child);
  EXPECT_THAT(values, AllOf(Contains("container:none"), Contains("path:" + exe_)));
  const auto mount = std::find_if(host.begin(), host.end(), [](const std::string& value) {
    return value.starts_with("ns:mnt:");
  });
  ASSERT_NE(mount, host.end());
  EXPECT_THAT(values, AllOf(Contains(StartsWith("ns:mnt:")), Not(Contains(*mount))));
}

TEST_F(UnixOnKernel, MountAndCgroupNamespaceTogetherAreAContainer) {
  EXPECT_THAT(ValuesOf(Run([] { return ::unshare(CLONE_NEWNS | CLONE_NEWCGROUP) == 0; })),
              Contains("container:some"));
}

TEST_F(UnixOnKernel, PidNamespaceIsSeen) {
  const auto child = Child::Running({"/usr/bin/unshare", "--pid", "--fork", exe_, "600"});
  const std::string pid = std::to_string(child.pid());
  pid_t inner = 0;
  ASSERT_TRUE(Eventually([&] {
    return static_cast<bool>(std::ifstream("/proc/" + pid + "/task/" + pid + "/children") >>
                             inner) &&
           std::filesystem::read_symlink("/proc/" + std::to_string(inner) + "/exe") == exe_;
  }));
  EXPECT_THAT(ValuesOf(inner), AllOf(Contains("pidns:other"), Contains("container:some")));
  ::kill(inner, SIGKILL);
}

TEST_F(UnixOnKernel, UserNamespaceOfAnyUserGivesNoCapabilityAndNoPath) {
  const auto child = Child::Running({"/usr/bin/unshare", "--user", "--map-root-user", exe_, "600"},
                                    [] { return BecomeUser(1001); });
  const std::string link = "/proc/" + std::to_string(child.pid()) + "/exe";
  ASSERT_TRUE(Eventually([&] { return std::filesystem::read_symlink(link) == exe_; }));
  EXPECT_THAT(ValuesOf(child),
              AllOf(Contains("uid:1001"), Contains("userns:other"), Contains("container:some"),
                    Contains("userns_cap:sys_admin"), Contains("claimed_path:" + exe_),
                    Contains(StartsWith("claimed_sha256:")), Each(Not(StartsWith("path:"))),
                    Each(Not(StartsWith("sha256:"))), Each(Not(StartsWith("cap:")))));
}

// A process in the host's own mount namespace can run a file out of another one,
// where its owner has laid it over any name.
TEST_F(UnixOnKernel, FileOutOfAnotherMountNamespaceDoesNotGetItsNameThere) {
  const std::string victim = folder_.File("victim");
  ASSERT_TRUE(CopySleep(victim));
  const auto owner = Child::Sleeping([&] {
    return ::unshare(CLONE_NEWNS) == 0 &&
           ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
           ::mount(exe_.c_str(), victim.c_str(), nullptr, MS_BIND, nullptr) == 0;
  });
  ASSERT_EQ(owner.error(), 0);
  const std::string inside = "/proc/" + std::to_string(owner.pid()) + "/root" + victim;
  const UniqueFd file(::open(inside.c_str(), O_PATH | O_CLOEXEC));
  const auto child =
      Child::RunningFile(file.get(), {"victim", "600"}, [] { return BecomeUser(1001); });
  ASSERT_EQ(child.error(), 0);
  // The kernel itself says that it runs the victim's path.
  ASSERT_EQ(std::filesystem::read_symlink("/proc/" + std::to_string(child.pid()) + "/exe"), victim);
  EXPECT_THAT(ValuesOf(child), AllOf(Contains("userns:host"), Contains("claimed_path:" + victim),
                                     Contains("exe:unhashed"), Each(Not(StartsWith("path:"))),
                                     Each(Not(StartsWith("sha256:")))));
}

TEST_F(UnixOnKernel, RelocatedFileInItsOwnMountNamespaceIsHashedButHasNoPath) {
  const std::string victim = folder_.File("victim");
  ASSERT_TRUE(CopySleep(victim));
  const auto child = Child::Running({victim, "600"}, [&] {
    return ::unshare(CLONE_NEWNS) == 0 &&
           ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
           ::mount(exe_.c_str(), victim.c_str(), nullptr, MS_BIND, nullptr) == 0;
  });
  EXPECT_THAT(ValuesOf(child),
              AllOf(Contains("claimed_path:" + victim), Contains(StartsWith("sha256:")),
                    Each(Not(StartsWith("path:")))));
}

TEST_F(UnixOnKernel, ExecutableInMemoryIsMarked) {
  UniqueFd memfd(::memfd_create("web", 0));
  const UniqueFd source(::open(exe_.c_str(), O_RDONLY | O_CLOEXEC));
  const auto size = static_cast<std::size_t>(std::filesystem::file_size(exe_));
  ASSERT_EQ(::sendfile(memfd.get(), source.get(), nullptr, size), static_cast<ssize_t>(size));
  // A file that is open for writing cannot be executed.
  const std::string name = "/proc/self/fd/" + std::to_string(memfd.get());
  const UniqueFd runnable(::open(name.c_str(), O_RDONLY));
  ASSERT_TRUE(runnable);
  memfd.Reset();
  const auto child = Child::RunningFile(runnable.get(), {"web", "600"});
  EXPECT_THAT(ValuesOf(child),
              AllOf(Contains("exe:memfd"), Contains("claimed_path:/memfd:web"),
                    Contains(StartsWith("sha256:")), Each(Not(StartsWith("path:")))));
}

TEST_F(UnixOnKernel, DeletedExecutableLosesItsPathAndKeepsItsHash) {
  const auto child = Run();
  const auto before = ValuesOf(child);
  const auto hash = std::find_if(before.begin(), before.end(), [](const std::string& value) {
    return value.starts_with("sha256:");
  });
  ASSERT_NE(hash, before.end());
  ASSERT_EQ(::unlink(exe_.c_str()), 0);
  EXPECT_THAT(ValuesOf(child), AllOf(Contains("exe:deleted"), Contains("claimed_path:" + exe_),
                                     Contains(*hash), Each(Not(StartsWith("path:")))));
}

TEST_F(UnixOnKernel, ReplacedExecutableIsDeletedAndNotTheNewFile) {
  const auto child = Run();
  ASSERT_TRUE(CopySleep(folder_.File("new")));
  ASSERT_EQ(::rename(folder_.File("new").c_str(), exe_.c_str()), 0);
  EXPECT_THAT(ValuesOf(child), AllOf(Contains("exe:deleted"), Each(Not(StartsWith("path:")))));
}

// A package upgrade, in a folder that is root's all the way up.
class UpgradeOnKernel : public UnixOnKernel {
 protected:
  UpgradeOnKernel() {
    std::filesystem::create_directories(folder_of_root_);
    EXPECT_TRUE(CopySleep(web_));
  }
  ~UpgradeOnKernel() override { std::filesystem::remove_all(folder_of_root_); }
  void Upgrade() {
    ASSERT_TRUE(CopySleep(web_ + ".new"));
    ASSERT_EQ(::rename((web_ + ".new").c_str(), web_.c_str()), 0);
  }
  const std::string folder_of_root_ = "/var/lib/surety-test-" + std::to_string(::getpid());
  const std::string web_ = folder_of_root_ + "/web";
};

TEST_F(UpgradeOnKernel, ReplacedExecutableSaysSo) {
  const auto child = Child::Running({web_, "600"});
  EXPECT_THAT(ValuesOf(child), AllOf(Contains("path:" + web_), Each(Not(StartsWith("exe:")))));
  Upgrade();
  EXPECT_THAT(ValuesOf(child),
              AllOf(Contains("exe:deleted"), Contains("exe:replaced"),
                    Contains("claimed_path:" + web_), Each(Not(StartsWith("path:")))));
}

// dpkg keeps a hard link of the old file until the new one is in place.
TEST_F(UpgradeOnKernel, HardLinkOfTheOldFileChangesNothing) {
  const auto child = Child::Running({web_, "600"});
  ASSERT_EQ(::link(web_.c_str(), (web_ + ".old").c_str()), 0);
  Upgrade();
  EXPECT_THAT(ValuesOf(child), AllOf(Contains("exe:deleted"), Contains("exe:replaced"),
                                     Contains("claimed_path:" + web_)));
}

TEST_F(UpgradeOnKernel, NameInAContainerIsNotTheHosts) {
  const auto child =
      Child::Running({web_, "600"}, [] { return ::unshare(CLONE_NEWNS | CLONE_NEWCGROUP) == 0; });
  Upgrade();
  EXPECT_THAT(ValuesOf(child), AllOf(Contains("exe:deleted"), Not(Contains("exe:replaced"))));
}

TEST_F(UnixOnKernel, DeletedFileThatAUserPutAnotherInPlaceOfIsNotReplaced) {
  const auto child = Run();
  ASSERT_TRUE(CopySleep(folder_.File("new")));
  ASSERT_EQ(::rename(folder_.File("new").c_str(), exe_.c_str()), 0);
  // The folder is root's, but /tmp above it is everyone's.
  EXPECT_THAT(ValuesOf(child), AllOf(Contains("exe:deleted"), Not(Contains("exe:replaced"))));
}

TEST_F(UnixOnKernel, FileNamedLikeADeletedOneIsNotTheOther) {
  const std::string odd = exe_ + " (deleted)";
  ASSERT_TRUE(CopySleep(odd));
  const auto child = Child::Running({odd, "600"});
  EXPECT_THAT(ValuesOf(child), AllOf(Contains("path:" + odd), Not(Contains("path:" + exe_))));
}

TEST_F(UnixOnKernel, ExecIsSeenAtOnce) {
  const auto child = Child::Running({"/bin/sh", "-c", "kill -STOP $$; exec " + exe_ + " 600"});
  const std::string link = "/proc/" + std::to_string(child.pid()) + "/exe";
  EXPECT_THAT(ValuesOf(child), Not(Contains("path:" + exe_)));
  ASSERT_TRUE(Eventually([&] {
    ::kill(child.pid(), SIGCONT);
    return std::filesystem::read_symlink(link) == exe_;
  }));
  EXPECT_THAT(ValuesOf(child), Contains("path:" + exe_));
}

TEST_F(UnixOnKernel, OddNameOfTheProcessChangesNothing) {
  const auto child = Child::Sleeping(
      [] { return ::prctl(PR_SET_NAME, "x\nUid:\t0\t0\n)") == 0 && BecomeUser(1001); });
  EXPECT_THAT(ValuesOf(child), AllOf(Contains("uid:1001"), Not(Contains("uid:0"))));
}

TEST_F(UnixOnKernel, ReusedPidIsPeerGone) {
  auto first = Run();
  const pid_t pid = first.pid();
  const auto process = opener_->OpenByPid(pid);
  ASSERT_TRUE(process);
  ASSERT_TRUE(Ask(*process));
  first.KillAndReap();
  const auto second = Child::SleepingAs(pid);
  ASSERT_EQ(second.pid(), pid);
  EXPECT_EQ(Ask(*process).error().code(), ErrorCode::kPeerGone);
}

TEST_F(UnixOnKernel, ZombieIsPeerGone) {
  const auto child = Run();
  const auto process = opener_->OpenByPid(child.pid());
  ASSERT_TRUE(process);
  ASSERT_EQ(::kill(child.pid(), SIGKILL), 0);
  siginfo_t info{};
  ASSERT_EQ(::waitid(P_PID, static_cast<id_t>(child.pid()), &info, WEXITED | WNOWAIT), 0);
  EXPECT_EQ(Ask(*process).error().code(), ErrorCode::kPeerGone);
}

}  // namespace
}  // namespace surety
