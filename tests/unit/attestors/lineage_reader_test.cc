#include "attestors/lineage_reader.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cstring>
#include <thread>

#include "attestors/linux_process.h"
#include "tests/unit/attestors/cgroup_folder.h"
#include "tests/unit/attestors/child_process.h"

// The lineages of real processes. Runs as root. The test program is the daemon, so
// that chains end below it.
namespace surety {
namespace {

using testing::BecomeUser;
using testing::CgroupFolder;
using testing::Child;
using testing::Eventually;
using testing::ForkBelow;
using testing::ForkOrphan;
using testing::OnlyChildOf;

const std::string kContainerId = "0123456789abcdef" + std::string(48, 'c');

class LineageOnKernel : public ::testing::Test {
 protected:
  std::shared_ptr<const ProcessHandle> Open(pid_t pid) {
    const auto process = opener_->OpenByPid(pid);
    EXPECT_TRUE(process) << process.error().Text();
    return process ? *process : nullptr;
  }
  Lineage Read(pid_t pid) {
    const auto lineage = reader_->Read(*Open(pid));
    if (lineage) return *lineage;
    return {"error: " + lineage.error().Text(), LineageKind::kAncestor, {}};
  }
  Lineage Read(const Child& child) {
    EXPECT_EQ(child.error(), 0) << std::strerror(child.error());
    return Read(child.pid());
  }
  std::string NameOf(pid_t pid) {
    const auto key = Open(pid)->key();
    return "process:" + std::to_string(key.pid) + "." + std::to_string(key.start_ticks);
  }
  const std::string top_ = "surety-test-" + std::to_string(::getpid());
  const std::unique_ptr<ProcessOpener> opener_ = MakeLinuxProcessOpener();
  const std::unique_ptr<LineageReader> reader_ = MakeLineageReader();
};

TEST_F(LineageOnKernel, ProcessByItselfIsItsOwn) {
  const auto child = Child::Sleeping([] { return BecomeUser(1001); });
  const auto lineage = Read(child);
  EXPECT_EQ(lineage.id, NameOf(child.pid()));
  EXPECT_EQ(lineage.kind, LineageKind::kAncestor);
  EXPECT_TRUE(lineage.ancestors.empty());
}

TEST_F(LineageOnKernel, ForkAndSetsidAndAnotherNameLeadNowhereElse) {
  const auto parent = Child::Sleeping([] {
    return BecomeUser(1001) && ForkBelow([] {
             return ::setsid() > 0 && ::prctl(PR_SET_NAME, "other") == 0 &&
                    ForkBelow([] { return ::setsid() > 0; });
           });
  });
  const pid_t child = OnlyChildOf(parent.pid());
  const pid_t grandchild = OnlyChildOf(child);
  EXPECT_EQ(Read(child).id, NameOf(parent.pid()));
  const auto lineage = Read(grandchild);
  EXPECT_EQ(lineage.id, NameOf(parent.pid()));
  ASSERT_EQ(lineage.ancestors.size(), 2U);
  EXPECT_EQ(lineage.ancestors.front().key.pid, child);
  EXPECT_EQ(lineage.ancestors.front().name, "other");
  EXPECT_EQ(lineage.ancestors.front().uid, 1001U);
  EXPECT_EQ(lineage.ancestors.back().key.pid, parent.pid());
}

TEST_F(LineageOnKernel, RootSupervisorDoesNotTieItsChildrenTogether) {
  const auto supervisor =
      Child::Sleeping([] { return ForkBelow([] { return BecomeUser(1001) && ForkBelow(); }); });
  const pid_t worker = OnlyChildOf(supervisor.pid());
  EXPECT_EQ(Read(worker).id, NameOf(worker));
  EXPECT_EQ(Read(OnlyChildOf(worker)).id, NameOf(worker));
  EXPECT_EQ(Read(supervisor).id, NameOf(supervisor.pid()));
}

TEST_F(LineageOnKernel, RootLeaderOfTheSessionDoes) {
  const auto leader =
      Child::Sleeping([] { return ::setsid() > 0 && ForkBelow([] { return BecomeUser(1001); }); });
  const pid_t worker = OnlyChildOf(leader.pid());
  EXPECT_EQ(Read(worker).id, NameOf(leader.pid()));
}

// As sudo does it: a user's process, root's below it, another user's below that.
TEST_F(LineageOnKernel, ChangingUsersThroughRootWashesNothingOff) {
  const auto shell = Child::Sleeping([] {
    return ForkBelow([] { return ForkBelow([] { return BecomeUser(1002) && ::setsid() > 0; }); }) &&
           BecomeUser(1001);
  });
  const pid_t sudo = OnlyChildOf(shell.pid());
  EXPECT_EQ(Read(sudo).id, NameOf(shell.pid()));
  EXPECT_EQ(Read(OnlyChildOf(sudo)).id, NameOf(shell.pid()));
  ::kill(sudo, SIGKILL);  // Its parent, without privileges, takes nobody of root's along.
}

TEST_F(LineageOnKernel, OrphanIsReadAnewAndNotTakenForItsNewParentsChild) {
  auto parent = Child::Sleeping([] { return BecomeUser(1001) && ForkOrphan(); });
  const pid_t orphan = OnlyChildOf(parent.pid());
  const auto process = Open(orphan);
  EXPECT_EQ(Read(orphan).id, NameOf(parent.pid()));
  parent.KillAndReap();
  const auto lineage = reader_->Read(*process);
  ASSERT_TRUE(lineage);
  EXPECT_EQ(lineage->id, NameOf(orphan));
  EXPECT_TRUE(lineage->ancestors.empty());
  ::kill(orphan, SIGKILL);
}

TEST_F(LineageOnKernel, ChangeAboveIsSeenAtTheNextLook) {
  auto top =
      Child::Sleeping([] { return BecomeUser(1001) && ForkOrphan([] { return ForkBelow(); }); });
  const pid_t middle = OnlyChildOf(top.pid());
  const pid_t bottom = OnlyChildOf(middle);
  EXPECT_EQ(Read(bottom).id, NameOf(top.pid()));
  top.KillAndReap();
  const auto lineage = Read(bottom);
  EXPECT_EQ(lineage.id, NameOf(middle));
  EXPECT_EQ(lineage.ancestors.size(), 1U);
  ::kill(middle, SIGKILL);
}

TEST_F(LineageOnKernel, SetsidUnderARootLeaderIsSeenAtTheNextLook) {
  const auto leader = Child::Sleeping([] {
    return ::setsid() > 0 && ForkBelow([] {
             return ::signal(SIGUSR1, [](int) { [[maybe_unused]] const auto id = ::setsid(); }) !=
                    SIG_ERR;
           });
  });
  const pid_t worker = OnlyChildOf(leader.pid());
  const auto process = Open(worker);
  EXPECT_EQ(reader_->Read(*process)->id, NameOf(leader.pid()));
  ASSERT_EQ(::kill(worker, SIGUSR1), 0);
  EXPECT_TRUE(Eventually([&] { return ::getsid(worker) == worker; }));
  EXPECT_EQ(reader_->Read(*process)->id, NameOf(worker));
}

TEST_F(LineageOnKernel, DaemonsOwnAncestorsAreNobodysLineage) {
  const auto daemon =
      Child::Sleeping([] { return BecomeUser(1001) && ForkBelow([] { return ForkBelow(); }); });
  const pid_t middle = OnlyChildOf(daemon.pid());
  const auto nothing = [](const CgroupLine&) { return std::string_view(); };
  const auto reader = MakeLineageReader(nothing, MakeLinuxProcessOpener(), middle);
  EXPECT_EQ(reader->Read(*Open(OnlyChildOf(middle)))->id, NameOf(OnlyChildOf(middle)));
  // A sibling of the daemon: what both have above them is left out.
  EXPECT_EQ(reader->Read(*Open(middle))->id, NameOf(middle));
}

TEST_F(LineageOnKernel, UnitContainerAndCgroupThatRootMade) {
  const CgroupFolder slice(top_ + ".slice");
  const CgroupFolder unit(slice, "web.service");
  const CgroupFolder scope(slice, "docker-" + kContainerId + ".scope");
  const auto child = Child::Sleeping([] { return BecomeUser(1001) && ForkBelow(); });
  ASSERT_TRUE(slice.TakeIn(child.pid()));
  EXPECT_EQ(Read(child).id, "cgroup:" + slice.name());
  EXPECT_EQ(Read(child).kind, LineageKind::kCgroup);
  ASSERT_TRUE(unit.TakeIn(child.pid()));
  EXPECT_EQ(Read(child).id, "unit:" + unit.name());
  EXPECT_EQ(Read(child).kind, LineageKind::kUnit);
  ASSERT_TRUE(scope.TakeIn(child.pid()));
  EXPECT_EQ(Read(child).id, "container:" + kContainerId);
  EXPECT_EQ(Read(child).kind, LineageKind::kContainer);
  // Its child did not move, and still names it as its ancestor.
  const auto below = Read(OnlyChildOf(child.pid()));
  EXPECT_EQ(below.id, NameOf(child.pid()));
  ASSERT_EQ(below.ancestors.size(), 1U);
}

TEST_F(LineageOnKernel, ContainerThatAUserMadeUpIsNone) {
  const CgroupFolder delegated(top_);
  ASSERT_TRUE(delegated.GiveTo(1001));
  const CgroupFolder docker(delegated, "docker", 1001);
  const CgroupFolder forged(docker, kContainerId, 1001);
  const CgroupFolder unit(forged, "web.service", 1001);
  const auto child = Child::Sleeping([] { return BecomeUser(1001); });
  for (const auto* folder : {&forged, &unit}) {
    ASSERT_TRUE(folder->TakeIn(child.pid()));
    EXPECT_EQ(Read(child).id, "cgroup:" + delegated.name());
  }
}

TEST_F(LineageOnKernel, UsersManagerIsOneLineageWithAllThatItMakes) {
  const CgroupFolder slice(top_ + ".slice");
  const CgroupFolder manager(slice, "user@1001.service");
  ASSERT_TRUE(manager.GiveTo(1001));
  const CgroupFolder apps(manager, "app.slice", 1001);
  const CgroupFolder unit(apps, "web.service", 1001);
  const auto child = Child::Sleeping([] { return BecomeUser(1001); });
  ASSERT_TRUE(unit.TakeIn(child.pid()));
  EXPECT_EQ(Read(child).id, "unit:" + manager.name());
}

// Whether a process can begin an audit session here, which needs CONFIG_AUDIT.
bool BeginSession() {
  const int file = ::open("/proc/self/loginuid", O_WRONLY | O_CLOEXEC);
  return file >= 0 && ::write(file, "1001", 4) == 4 && ::close(file) == 0;
}
std::string SessionOf(pid_t pid) {
  const auto text = MakeLinuxProcessOpener()->OpenByPid(pid).operator*()->ReadFile("sessionid", 64);
  return text ? *text : "";
}

TEST_F(LineageOnKernel, LoginSessionThatRootBeganIsALineage) {
  auto login =
      Child::Sleeping([] { return BeginSession() && ForkOrphan([] { return BecomeUser(1001); }); });
  if (login.error() != 0) return;  // This kernel, or what this test runs in, has none.
  RecordProperty("ran", 1);
  const pid_t shell = OnlyChildOf(login.pid());
  const auto process = Open(shell);
  const std::string expected = "login:" + SessionOf(shell);
  EXPECT_EQ(Read(shell).id, expected);
  EXPECT_EQ(Read(shell).kind, LineageKind::kLogin);
  login.KillAndReap();
  EXPECT_EQ(reader_->Read(*process)->id, expected) << "the session is known as root's";
  ::kill(shell, SIGKILL);
}

TEST_F(LineageOnKernel, LoginSessionThatAUserBeganForHimselfIsNone) {
  const auto child = Child::Sleeping([] {
    // Without this, a process that has changed its uid may not write to its own /proc.
    return BecomeUser(1001) && ::prctl(PR_SET_DUMPABLE, 1) == 0 && BeginSession() && ForkBelow();
  });
  if (child.error() != 0) return;
  ASSERT_NE(SessionOf(child.pid()), "4294967295");
  EXPECT_EQ(Read(child).id, NameOf(child.pid()));
  EXPECT_EQ(Read(OnlyChildOf(child.pid())).id, NameOf(child.pid()));
}

bool ForkDown(int depth) {
  return depth == 0 || ForkBelow([&] { return ForkDown(depth - 1); });
}

TEST_F(LineageOnKernel, TooLongAWayUpCannotBeToldUnlessACgroupTells) {
  const auto top = Child::Sleeping([] { return BecomeUser(1001) && ForkDown(70); });
  ASSERT_EQ(top.error(), 0);
  pid_t bottom = top.pid();
  for (int i = 0; i < 63; ++i) bottom = OnlyChildOf(bottom);
  const auto deep = Read(bottom);
  EXPECT_EQ(deep.id, "error: more than 64 processes lie between this one and its topmost ancestor");
  bottom = top.pid();
  for (int i = 0; i < 62; ++i) bottom = OnlyChildOf(bottom);
  EXPECT_EQ(Read(bottom).id, NameOf(top.pid()));
  EXPECT_EQ(Read(bottom).ancestors.size(), kMostAncestors);

  const CgroupFolder unit(top_ + ".service");
  const pid_t deepest = OnlyChildOf(OnlyChildOf(bottom));
  ASSERT_TRUE(unit.TakeIn(deepest));
  EXPECT_EQ(Read(deepest).id, "unit:" + unit.name());
  EXPECT_EQ(Read(deepest).ancestors.size(), kMostAncestors);
  ::kill(deepest, SIGKILL);
}

TEST_F(LineageOnKernel, ExitedProcessAndZombieAreGone) {
  auto child = Child::Sleeping();
  const auto process = Open(child.pid());
  ASSERT_TRUE(reader_->Read(*process));
  ::kill(child.pid(), SIGKILL);
  ASSERT_TRUE(Eventually([&] { return !process->IsAlive(); }));
  EXPECT_EQ(reader_->Read(*process).error().code(), ErrorCode::kPeerGone);
  child.KillAndReap();
  EXPECT_EQ(reader_->Read(*process).error().code(), ErrorCode::kPeerGone);
}

// Parents come and go while lineages are read by several threads.
TEST_F(LineageOnKernel, NobodyIsEverPutIntoAStrangersLineage) {
  std::atomic<bool> done = false;
  std::thread churn([&] {
    while (!done) {
      auto parent = Child::Sleeping([] { return BecomeUser(1002) && ForkOrphan(); });
      const pid_t orphan = OnlyChildOf(parent.pid());
      const auto process = opener_->OpenByPid(orphan);
      const auto above = opener_->OpenByPid(parent.pid());
      std::thread killer([&] { parent.KillAndReap(); });
      for (int i = 0; process && i < 50; ++i) {
        const auto lineage = reader_->Read(**process);
        if (!lineage) continue;
        const auto& key = (*process)->key();
        const std::string own =
            "process:" + std::to_string(key.pid) + "." + std::to_string(key.start_ticks);
        const auto& upper = (*above)->key();
        const std::string its_parents =
            "process:" + std::to_string(upper.pid) + "." + std::to_string(upper.start_ticks);
        EXPECT_TRUE(lineage->id == own || lineage->id == its_parents) << lineage->id;
      }
      killer.join();
      ::kill(orphan, SIGKILL);
    }
  });
  const auto steady = Child::Sleeping([] { return BecomeUser(1001) && ForkBelow(); });
  const auto process = Open(OnlyChildOf(steady.pid()));
  const std::string expected = NameOf(steady.pid());
  for (int i = 0; i < 2'000; ++i) {
    const auto lineage = reader_->Read(*process);
    ASSERT_TRUE(lineage);
    ASSERT_EQ(lineage->id, expected);
  }
  done = true;
  churn.join();
}

TEST(LineageKinds, HaveNames) {
  EXPECT_EQ(NameOf(LineageKind::kContainer), "container");
  EXPECT_EQ(NameOf(LineageKind::kUnit), "unit");
  EXPECT_EQ(NameOf(LineageKind::kCgroup), "cgroup");
  EXPECT_EQ(NameOf(LineageKind::kLogin), "login");
  EXPECT_EQ(NameOf(LineageKind::kAncestor), "process");
}

}  // namespace
}  // namespace surety
