#include "attestors/cgroup_attestor.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include "attestors/boot_now.h"
#include "attestors/linux_process.h"
#include "tests/fakes/fake_process.h"
#include "tests/unit/attestors/cgroup_folder.h"
#include "tests/unit/attestors/child_process.h"

namespace surety {
namespace {

class CgroupAttestorTest : public ::testing::Test {
 protected:
  Result<Attestation> Ask() { return CgroupAttestor().Attest(PeerOf(process_), BootNow()); }
  SelectorSet SelectorsOf(const std::string& text) {
    process_->SetFile("cgroup", text);
    const auto seen = Ask();
    EXPECT_TRUE(seen);
    EXPECT_TRUE(seen->complete());
    return seen->selectors;
  }
  const std::shared_ptr<FakeProcess> process_ = std::make_shared<FakeProcess>();
};

TEST_F(CgroupAttestorTest, UnifiedPathIsWrittenAsItIs) {
  EXPECT_EQ(SelectorsOf("0::/system.slice/web.service\n"),
            (SelectorSet{{"cgroup", "path:/system.slice/web.service"}}));
  EXPECT_EQ(SelectorsOf("0::/\n"), (SelectorSet{{"cgroup", "path:/"}}));
}

TEST_F(CgroupAttestorTest, OldHierarchiesAreNamedAndTheirRootsLeftOut) {
  EXPECT_EQ(SelectorsOf("9:name=systemd:/\n4:memory:/jobs\n2:cpu,cpuacct:/a:b\n0::/\n"),
            (SelectorSet{{"cgroup", "path:/"},
                         {"cgroup", "path:cpu,cpuacct:/a:b"},
                         {"cgroup", "path:memory:/jobs"}}));
}

TEST_F(CgroupAttestorTest, NameOfAnOldCgroupCannotPassForTheUnifiedPath) {
  EXPECT_FALSE(SelectorsOf("4:memory:/x\n0::/\n").Contains({"cgroup", "path:/x"}));
  EXPECT_FALSE(SelectorsOf("0::/memory:/x\n").Contains({"cgroup", "path:memory:/x"}));
}

TEST_F(CgroupAttestorTest, OddBytesAreEscaped) {
  EXPECT_EQ(SelectorsOf("0::/a\x01\xff\n"), (SelectorSet{{"cgroup", "path:/a\\x01\\xff"}}));
}

TEST_F(CgroupAttestorTest, IdIsGivenWhereTheKernelTells) {
  process_->SetCgroupId(77U);
  EXPECT_TRUE(SelectorsOf("0::/\n").Contains({"cgroup", "id:77"}));
}

TEST_F(CgroupAttestorTest, FailuresAreMissingFacts) {
  process_->SetFile("cgroup", std::string("nonsense\n"));
  process_->SetCgroupId(Error(ErrorCode::kPermissionDenied, "no"));
  const auto seen = Ask();
  ASSERT_TRUE(seen);
  EXPECT_TRUE(seen->selectors.empty());
  ASSERT_EQ(seen->missing.size(), 2U);
  EXPECT_EQ(seen->missing.front().kind, "cgroup:path");
  EXPECT_EQ(seen->missing.back().kind, "cgroup:id");
}

TEST_F(CgroupAttestorTest, ExitIsPeerGone) {
  process_->SetFile("cgroup", std::string("0::/\n"));
  process_->AfterRead([&](std::string_view) { process_->Exit(); });
  EXPECT_EQ(Ask().error().code(), ErrorCode::kPeerGone);
  process_->AfterRead({});
}

TEST(CgroupAttestorOnKernel, FollowsAMoveToAnotherCgroup) {
  const testing::CgroupFolder cgroup("surety test: " + std::to_string(::getpid()) + " (deleted)");
  const auto child = testing::Child::Sleeping();
  const auto process = MakeLinuxProcessOpener()->OpenByPid(child.pid());
  ASSERT_TRUE(process);
  const auto before = CgroupAttestor().Attest(PeerOf(*process), BootNow());
  ASSERT_TRUE(cgroup.TakeIn(child.pid()));
  const auto after = CgroupAttestor().Attest(PeerOf(*process), BootNow());
  ASSERT_TRUE(before);
  ASSERT_TRUE(after);
  const Selector inside{"cgroup", "path:" + cgroup.name()};
  EXPECT_FALSE(before->selectors.Contains(inside));
  EXPECT_TRUE(after->selectors.Contains(inside));
  if ((*process)->CgroupId()) {
    EXPECT_EQ(after->selectors.Minus(before->selectors).size(), 2U);
  }
}

}  // namespace
}  // namespace surety
