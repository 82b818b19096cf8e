// The attestor of container engines as it asks by CRI: real processes in real cgroups.

#include <gtest/gtest.h>
#include <sched.h>
#include <unistd.h>

#include "attestors/boot_now.h"
#include "attestors/cgroup_trees.h"
#include "attestors/container_attestor.h"
#include "attestors/linux_process.h"
#include "tests/unit/attestors/cgroup_folder.h"
#include "tests/unit/attestors/child_process.h"
#include "tests/unit/attestors/cri_server.h"

namespace surety {
namespace {

using testing::CgroupFolder;
using testing::Child;
using testing::CriServer;
using testing::Eventually;
using testing::Folder;

const std::string kId = "0123456789abcdef" + std::string(48, 'e');

class CriAttestorTest : public ::testing::Test {
 protected:
  CriAttestorTest() {
    options_.sockets = {{server_.path(), 0}};
    attestor_ = std::make_unique<ContainerAttestor>(
        CriDialect(), options_, SeeHost(*opener_), opener_,
        [this](const CgroupLine& line) { return trees_.MadeBy(line); });
  }
  // The selectors in order, or why they are missing, once it is not under way any more.
  std::string Settled(const Child& child) {
    const auto process = opener_->OpenByPid(child.pid());
    EXPECT_TRUE(process);
    std::string text;
    Eventually([&] {
      const auto seen = attestor_->Attest({*process, 0, 0, 1}, BootNow() + std::chrono::seconds(1));
      text = seen ? "" : seen.error().Text();
      if (!seen) return true;
      for (const auto& selector : seen->selectors) text += selector.Text() + " ";
      for (const auto& fact : seen->missing)
        text += "missing " + fact.kind + ": " + fact.why.Text();
      return text.find("under way") == std::string::npos;
    });
    return text;
  }
  static Child Contained() {
    return Child::Sleeping([] { return ::unshare(CLONE_NEWNS) == 0; });
  }

  const Folder folder_;
  CriServer server_{folder_.File("cri.sock")};
  ContainerAttestorOptions options_;
  const std::shared_ptr<ProcessOpener> opener_ = MakeLinuxProcessOpener();
  const CgroupTrees trees_ = CgroupTrees::OfHost();
  const CgroupFolder top_{"surety-test-" + std::to_string(::getpid())};
  const CgroupFolder kubepods_{top_, "kubepods"};
  const CgroupFolder pod_{kubepods_, "pod0b5c-1"};
  const CgroupFolder cgroup_{pod_, kId};
  std::unique_ptr<ContainerAttestor> attestor_;
};

TEST_F(CriAttestorTest, TellsContainerAndPodAsSpireSpellsThem) {
  const auto child = Contained();
  ASSERT_TRUE(cgroup_.TakeIn(child.pid()));
  server_.SayRunning(kId, child.pid());
  EXPECT_EQ(
      Settled(child),
      "k8s:container-image-digest:sha256:d k8s:container-image:pay:1 "
      "k8s:container-label:app:pay k8s:container-name:web k8s:ns:shop k8s:pod-label:tier:gold "
      "k8s:pod-name:pay-1 k8s:pod-uid:0b5c-1 ");
  const auto kinds = attestor_->selector_kinds();
  EXPECT_EQ(kinds.size(), 8U);
}

TEST_F(CriAttestorTest, OutsideOfContainersNobodyIsAsked) {
  const auto child = Contained();
  EXPECT_EQ(Settled(child), "");
  ASSERT_TRUE(pod_.TakeIn(child.pid()));
  EXPECT_EQ(Settled(child), "");
  EXPECT_EQ(server_.requests, 0);
}

// A row of the attacks: into the cgroup of a container, without being in it.
TEST_F(CriAttestorTest, ProcessThatOnlyStandsInItsCgroupIsNotInIt) {
  const auto first = Contained();
  const auto other = Child::Sleeping();
  ASSERT_TRUE(cgroup_.TakeIn(first.pid()));
  ASSERT_TRUE(cgroup_.TakeIn(other.pid()));
  server_.SayRunning(kId, first.pid());
  EXPECT_EQ(Settled(other), "");
}

TEST_F(CriAttestorTest, AnswerOfAnotherPodsContainerCannotBeTold) {
  const auto child = Contained();
  ASSERT_TRUE(cgroup_.TakeIn(child.pid()));
  server_.SayRunning(kId, child.pid());
  server_.pod.mutable_status()->mutable_metadata()->set_uid("ffff-2");
  EXPECT_NE(Settled(child).find("in a cgroup of another pod"), std::string::npos);
}

TEST_F(CriAttestorTest, AnswerAboutAnotherContainerCannotBeTold) {
  const auto child = Contained();
  ASSERT_TRUE(cgroup_.TakeIn(child.pid()));
  server_.SayRunning(std::string(64, 'a'), child.pid());
  EXPECT_NE(Settled(child).find("missing k8s: "), std::string::npos);
}

TEST_F(CriAttestorTest, FirstProcessElsewhereCannotBeTold) {
  const auto child = Contained();
  const auto elsewhere = Contained();
  ASSERT_TRUE(cgroup_.TakeIn(child.pid()));
  server_.SayRunning(kId, elsewhere.pid());
  EXPECT_NE(Settled(child).find("is not in a cgroup of its"), std::string::npos);
}

TEST_F(CriAttestorTest, RuntimeThatIsDownIsAMissingFact) {
  const auto child = Contained();
  ASSERT_TRUE(cgroup_.TakeIn(child.pid()));
  server_.Vanish();
  EXPECT_NE(Settled(child).find("missing k8s: "), std::string::npos);
}

}  // namespace
}  // namespace surety
