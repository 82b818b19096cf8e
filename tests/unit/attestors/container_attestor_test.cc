#include "attestors/container_attestor.h"

#include <gtest/gtest.h>
#include <sched.h>
#include <unistd.h>

#include <chrono>
#include <optional>

#include "attestors/boot_now.h"
#include "attestors/cgroup_trees.h"
#include "attestors/linux_process.h"
#include "tests/unit/attestors/cgroup_folder.h"
#include "tests/unit/attestors/child_process.h"
#include "tests/unit/attestors/engine_server.h"

// Real processes in real cgroups, and an engine that is a server of ours. Runs as root.
namespace surety {
namespace {

using std::chrono::milliseconds;
using testing::BecomeUser;
using testing::CgroupFolder;
using testing::Child;
using testing::EngineServer;
using testing::Eventually;
using testing::Folder;
using testing::ForkBelow;
using testing::HttpAnswer;
using testing::OnlyChildOf;

const std::string kId = "0123456789abcdef" + std::string(48, 'e');
constexpr uid_t kUser = 1001;

std::string Inspect(pid_t pid, const std::string& label = "pay", const std::string& id = kId,
                    const std::string& started = "t") {
  return HttpAnswer(200, R"({"Id":")" + id +
                             R"(","Name":"/web","Image":"sha256:d","State":{"Pid":)" +
                             std::to_string(pid) + R"(,"StartedAt":")" + started +
                             R"("},"Config":{"Image":"pay:1","Labels":{"app":")" + label +
                             R"("},"Env":["A=b"]}})");
}

std::string NoSuch() { return HttpAnswer(404, R"({"message":"No such container"})"); }

// As container engines start one: with a mount namespace of its own.
Child Contained() {
  return Child::Sleeping([] { return ::unshare(CLONE_NEWNS) == 0; });
}

class ContainerAttestorTest : public ::testing::Test {
 protected:
  ContainerAttestorTest() { options_.sockets = {{server_.path(), 0}}; }

  std::unique_ptr<ContainerAttestor> Make() {
    options_.lookup.request.timeout = milliseconds(10'000);
    return std::make_unique<ContainerAttestor>(
        DockerDialect(), options_, SeeHost(*opener_), opener_,
        [this](const CgroupLine& line) { return trees_.MadeBy(line); });
  }
  Peer PeerOf(pid_t pid) {
    const auto process = opener_->OpenByPid(pid);
    EXPECT_TRUE(process) << process.error().Text();
    return {process ? *process : nullptr, 0, 0, 1};
  }
  static Attestation Ask(const Attestor& attestor, const Peer& peer) {
    const auto seen = attestor.Attest(peer, BootNow() + std::chrono::seconds(1));
    EXPECT_TRUE(seen) << seen.error().Text();
    return seen ? *seen : Attestation();
  }
  // The selectors in order, or why they are missing.
  static std::string Text(const Attestation& seen) {
    std::string text;
    for (const auto& selector : seen.selectors) text += selector.value + " ";
    for (const auto& fact : seen.missing) text += "missing " + fact.kind + ": " + fact.why.Text();
    return text.empty() ? "none" : text;
  }
  // Asked until it is `wanted`, or is not any more under way; what it was then.
  std::string Settled(const Attestor& attestor, const Peer& peer) {
    std::string text;
    Eventually([&] {
      text = Text(Ask(attestor, peer));
      return text.find("under way") == std::string::npos;
    });
    return text;
  }
  std::string Settled(pid_t pid) { return Settled(*Make(), PeerOf(pid)); }

  const std::string top_ = "surety-test-" + std::to_string(::getpid());
  const Folder folder_;
  EngineServer server_{folder_.File("engine.sock")};
  ContainerAttestorOptions options_;
  const std::shared_ptr<ProcessOpener> opener_ = MakeLinuxProcessOpener();
  const CgroupTrees trees_ = CgroupTrees::OfHost();
  const CgroupFolder slice_{top_};
  const CgroupFolder cgroup_{slice_, "docker-" + kId + ".scope"};
};

const std::string kFound =
    "image_config_digest:sha256:d image_digest:sha256:d image_id:pay:1 label:app:pay name:web ";

TEST_F(ContainerAttestorTest, ProcessOfTheContainerHasWhatTheEngineSays) {
  const auto child = Contained();
  ASSERT_TRUE(cgroup_.TakeIn(child.pid()));
  server_.Say([&](const std::string& path) {
    EXPECT_EQ(path, "/containers/" + kId + "/json");
    return Inspect(child.pid());
  });
  EXPECT_EQ(Settled(child.pid()), kFound);
  options_.env = true;
  EXPECT_EQ(Settled(child.pid()), "env:A=b " + kFound);
}

TEST_F(ContainerAttestorTest, ProcessOutsideIsNoneOfOursAndNobodyIsAsked) {
  const CgroupFolder podmans(slice_, "libpod-" + kId + ".scope");
  const auto child = Child::Sleeping();
  EXPECT_EQ(Settled(child.pid()), "none");
  ASSERT_TRUE(slice_.TakeIn(child.pid()));
  EXPECT_EQ(Settled(child.pid()), "none");
  ASSERT_TRUE(podmans.TakeIn(child.pid()));
  EXPECT_EQ(Settled(child.pid()), "none");
  EXPECT_EQ(server_.requests(), 0);
}

// As exec does: another process, in the same namespaces and cgroup.
TEST_F(ContainerAttestorTest, ProcessThatExecStartsIsInTheContainer) {
  const auto first = Child::Sleeping([] { return ::unshare(CLONE_NEWNS) == 0 && ForkBelow(); });
  const pid_t other = OnlyChildOf(first.pid());
  ASSERT_TRUE(cgroup_.TakeIn(first.pid()));
  ASSERT_TRUE(cgroup_.TakeIn(other));
  server_.Say([&](const std::string&) { return Inspect(first.pid()); });
  EXPECT_EQ(Settled(other), kFound);
}

TEST_F(ContainerAttestorTest, SandboxInsideOfTheContainerIsInItByItsPidNamespace) {
  const auto parent = Child::Sleeping([] {
    return ::unshare(CLONE_NEWPID | CLONE_NEWNS) == 0 &&
           ForkBelow([] { return ForkBelow([] { return ::unshare(CLONE_NEWNS) == 0; }); });
  });
  const pid_t first = OnlyChildOf(parent.pid());
  const pid_t sandbox = OnlyChildOf(first);
  ASSERT_TRUE(cgroup_.TakeIn(first));
  ASSERT_TRUE(cgroup_.TakeIn(sandbox));
  server_.Say([&](const std::string&) { return Inspect(first); });
  EXPECT_EQ(Settled(sandbox), kFound);
}

// ATTACKS.md 23: into the very cgroup of a container, without being in it.
TEST_F(ContainerAttestorTest, ProcessMovedIntoTheCgroupIsNotInTheContainer) {
  const auto first = Contained();
  const auto stranger = Child::Sleeping();
  ASSERT_TRUE(cgroup_.TakeIn(first.pid()));
  ASSERT_TRUE(cgroup_.TakeIn(stranger.pid()));
  server_.Say([&](const std::string&) { return Inspect(first.pid()); });
  EXPECT_EQ(Settled(stranger.pid()), "none");
}

// ATTACKS.md 24: a cgroup of that name somewhere else.
TEST_F(ContainerAttestorTest, ForgedNameOfACgroupIsNoContainer) {
  const CgroupFolder elsewhere(slice_, "elsewhere");
  const CgroupFolder forged(elsewhere, "docker-" + kId + ".scope");
  const auto first = Contained();
  const auto forger = Contained();
  ASSERT_TRUE(cgroup_.TakeIn(first.pid()));
  ASSERT_TRUE(forged.TakeIn(forger.pid()));
  server_.Say([&](const std::string&) { return Inspect(first.pid()); });
  EXPECT_EQ(Settled(forger.pid()), "none");
  server_.Say([](const std::string&) { return NoSuch(); });
  EXPECT_EQ(Settled(forger.pid()), "none");
}

TEST_F(ContainerAttestorTest, CgroupThatAUserMadeIsNotAskedAbout) {
  const CgroupFolder users(slice_, "users");
  ASSERT_TRUE(users.GiveTo(kUser));
  const CgroupFolder forged(users, "docker-" + kId + ".scope", kUser);
  const auto forger = Contained();
  ASSERT_TRUE(forged.TakeIn(forger.pid()));
  EXPECT_EQ(Settled(forger.pid()), "none");
  EXPECT_EQ(server_.requests(), 0);
}

TEST_F(ContainerAttestorTest, HostileAnswersAreNeitherYesNorNo) {
  const auto child = Contained();
  const auto outside = Child::Sleeping();
  ASSERT_TRUE(cgroup_.TakeIn(child.pid()));
  int calls = 0;
  const std::vector<EngineServer::Answer> answers{
      [&](const std::string&) { return Inspect(child.pid(), "pay", std::string(64, 'f')); },
      [&](const std::string&) { return Inspect(outside.pid()); },
      [](const std::string&) { return Inspect(1); },
      [](const std::string&) { return Inspect(0); },
      [](const std::string&) { return Inspect(999'999'999); },
      [&](const std::string&) { return Inspect(child.pid(), std::to_string(++calls)); },
      [&](const std::string&) { return Inspect(child.pid(), "pay", kId, std::to_string(++calls)); },
      [](const std::string&) { return HttpAnswer(500, R"({"message":"x"})"); },
      [](const std::string&) { return HttpAnswer(404, "{}"); },
      [](const std::string&) { return HttpAnswer(404, "<html>", "text/html"); },
      [](const std::string&) { return HttpAnswer(200, "[]"); },
      [](const std::string&) { return std::string(); }};
  for (std::size_t i = 0; i < answers.size(); ++i) {
    server_.Say(answers[i]);
    EXPECT_TRUE(Settled(child.pid()).starts_with("missing docker: ")) << i << Settled(child.pid());
  }
  server_.Vanish();
  EXPECT_TRUE(Settled(child.pid()).starts_with("missing docker: "));
}

TEST_F(ContainerAttestorTest, ContainerThatRunsAgainIsAskedAboutAfresh) {
  auto old = Contained();
  const auto process = Child::Sleeping([] { return ::unshare(CLONE_NEWNS) == 0 && ForkBelow(); });
  const pid_t next = OnlyChildOf(process.pid());
  for (const pid_t pid : {old.pid(), process.pid(), next}) ASSERT_TRUE(cgroup_.TakeIn(pid));
  server_.Say([&](const std::string&) { return Inspect(old.pid(), "old"); });
  const auto attestor = Make();
  EXPECT_NE(Settled(*attestor, PeerOf(old.pid())).find("label:app:old"), std::string::npos);
  server_.Say([&](const std::string&) { return Inspect(process.pid(), "new"); });
  old.KillAndReap();
  EXPECT_NE(Settled(*attestor, PeerOf(next)).find("label:app:new"), std::string::npos);
}

TEST_F(ContainerAttestorTest, AnswerIsRememberedUntilItIsForgotten) {
  const auto child = Contained();
  ASSERT_TRUE(cgroup_.TakeIn(child.pid()));
  server_.Say([&](const std::string&) { return Inspect(child.pid()); });
  const auto attestor = Make();
  const auto peer = PeerOf(child.pid());
  EXPECT_EQ(Settled(*attestor, peer), kFound);
  server_.Say([&](const std::string&) { return Inspect(child.pid(), "other"); });
  const int before = server_.requests();
  EXPECT_EQ(Text(Ask(*attestor, peer)), kFound);
  EXPECT_EQ(server_.requests(), before);
  attestor->Forget(peer);
  EXPECT_NE(Settled(*attestor, peer).find("label:app:other"), std::string::npos);
}

TEST_F(ContainerAttestorTest, AnswerIsBelievedNoLongerThanItsAgeAllows) {
  const auto child = Contained();
  ASSERT_TRUE(cgroup_.TakeIn(child.pid()));
  server_.Say([&](const std::string&) { return Inspect(child.pid()); });
  options_.lookup.max_age = milliseconds(100);
  const auto attestor = Make();
  const auto peer = PeerOf(child.pid());
  EXPECT_TRUE(Eventually([&] { return Text(Ask(*attestor, peer)) == kFound; }));
  server_.Say([](const std::string&) { return std::string(); });
  EXPECT_TRUE(Eventually([&] { return !Ask(*attestor, peer).complete(); }));
  // And again once the engine is back.
  server_.Say([&](const std::string&) { return Inspect(child.pid()); });
  EXPECT_TRUE(Eventually([&] { return Text(Ask(*attestor, peer)) == kFound; }));
}

TEST_F(ContainerAttestorTest, SlowAnswerIsMissingAtFirstAndReadyLater) {
  const auto child = Contained();
  ASSERT_TRUE(cgroup_.TakeIn(child.pid()));
  server_.Say([&](const std::string&) {
    std::this_thread::sleep_for(milliseconds(500));
    return Inspect(child.pid());
  });
  const auto attestor = Make();
  const auto peer = PeerOf(child.pid());
  const auto begin = BootNow();
  EXPECT_FALSE(Ask(*attestor, peer).complete());
  EXPECT_LT(BootNow() - begin, milliseconds(400));
  EXPECT_EQ(Settled(*attestor, peer), kFound);
}

TEST_F(ContainerAttestorTest, EngineThatIsDownDoesNotHideAnothersAnswerOfNone) {
  const auto child = Contained();
  ASSERT_TRUE(cgroup_.TakeIn(child.pid()));
  EngineServer other(folder_.File("other.sock"));
  options_.sockets.push_back({other.path(), 0});
  server_.Say([](const std::string&) { return NoSuch(); });
  other.Say([&](const std::string&) { return Inspect(child.pid()); });
  EXPECT_EQ(Settled(child.pid()), kFound);
  server_.Say([](const std::string&) { return std::string(); });
  EXPECT_TRUE(Settled(child.pid()).starts_with("missing docker: "));
  server_.Say([&](const std::string&) { return Inspect(child.pid()); });
  EXPECT_NE(Settled(child.pid()).find("two engines"), std::string::npos);
}

class RootlessAttestorTest : public ContainerAttestorTest {
 protected:
  RootlessAttestorTest() {
    options_.sockets.push_back({users_.path(), kUser});
    EXPECT_TRUE(given_.GiveTo(kUser));
    made_.emplace(given_, "docker-" + kId + ".scope", kUser);
  }
  // As a rootless engine starts one.
  static Child Rootless() {
    return Child::Sleeping([] { return BecomeUser(kUser) && ::unshare(CLONE_NEWUSER) == 0; });
  }

  EngineServer users_{folder_.File("users.sock"), kUser};
  const CgroupFolder given_{slice_, "given"};
  std::optional<CgroupFolder> made_;
};

TEST_F(RootlessAttestorTest, SaysWhoseEngineSpeaks) {
  const auto child = Rootless();
  ASSERT_EQ(child.error(), 0);
  ASSERT_TRUE(made_->TakeIn(child.pid()));
  users_.Say([&](const std::string&) { return Inspect(child.pid()); });
  const std::string settled = Settled(child.pid());
  EXPECT_TRUE(settled.starts_with("rootless_uid:1001 rootless_uid:1001:image_config_digest:"))
      << settled;
  EXPECT_NE(settled.find(" rootless_uid:1001:label:app:pay "), std::string::npos) << settled;
  EXPECT_EQ(settled.find(" label:"), std::string::npos);
  EXPECT_EQ(server_.requests(), 0);
}

// Root's process in the user's cgroup, as sudo leaves one, is not in his container.
TEST_F(RootlessAttestorTest, SpeaksForNobodyOutsideOfItsUsersNamespaces) {
  const auto child = Contained();
  ASSERT_TRUE(made_->TakeIn(child.pid()));
  users_.Say([&](const std::string&) { return Inspect(child.pid()); });
  EXPECT_EQ(Settled(child.pid()), "none");
}

TEST_F(RootlessAttestorTest, IsNotAskedAboutRootsContainers) {
  const auto child = Contained();
  ASSERT_TRUE(cgroup_.TakeIn(child.pid()));
  server_.Say([](const std::string&) { return NoSuch(); });
  users_.Say([&](const std::string&) { return Inspect(child.pid()); });
  EXPECT_EQ(Settled(child.pid()), "none");
  EXPECT_EQ(users_.requests(), 0);
}

// As on cgroup version 1, where rootless containers have no cgroup.
TEST_F(RootlessAttestorTest, CannotBeToldWithoutACgroup) {
  const auto child = Rootless();
  EXPECT_NE(Settled(child.pid()).find("no cgroup names its container"), std::string::npos);
  const auto plain = Child::Sleeping([] { return BecomeUser(kUser); });
  EXPECT_EQ(Settled(plain.pid()), "none");
}

TEST(ContainerAttestor, NamesItsKinds) {
  const auto kinds = [](const EngineDialect& dialect, bool env) {
    ContainerAttestorOptions options;
    options.env = env;
    return ContainerAttestor(dialect, options, {}, nullptr, {}).selector_kinds();
  };
  using Kinds = std::vector<std::string>;
  const Kinds docker{"docker:image_config_digest",
                     "docker:image_digest",
                     "docker:image_id",
                     "docker:label",
                     "docker:name",
                     "docker:rootless_uid"};
  EXPECT_EQ(kinds(DockerDialect(), false), docker);
  EXPECT_EQ(kinds(DockerDialect(), true).back(), "docker:env");
  EXPECT_EQ(kinds(PodmanDialect(), false).size(), docker.size() + 3);
}

}  // namespace
}  // namespace surety
