// The sections of the container engines: [attestors.docker], [attestors.podman] and
// [attestors.k8s].

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "agent/config.h"
#include "tests/unit/identity/diagnostic_cases.h"

namespace surety {
namespace {

using std::chrono::milliseconds;
using Socket = EngineConfig::Socket;

/// A host with the user "web" (uid 1001).
std::optional<Config> Parse(const std::string& text, Diagnostics& diagnostics) {
  const AccountIds accounts{[](const std::string& name) {
                              return name == "web" ? std::optional<uid_t>(1001) : std::nullopt;
                            },
                            [](const std::string&) { return std::nullopt; }};
  return ParseConfig("f.toml", "trust_domain = \"example.org\"\n" + text + "\n", {}, accounts,
                     diagnostics);
}

Config Good(const std::string& text) {
  Diagnostics diagnostics;
  auto config = Parse(text, diagnostics);
  EXPECT_EQ(AllOf(diagnostics), "");
  return config ? *config : Config{*TrustDomain::Parse("none")};
}

TEST(ConfigEnginesTest, EnginesWithoutASectionAreNotAsked) {
  const Config config = Good("[attestors.unix]");
  EXPECT_FALSE(config.docker);
  EXPECT_FALSE(config.podman);
}

TEST(ConfigEnginesTest, DefaultsAreThese) {
  const Config config = Good("[attestors.docker]\n[attestors.podman]");
  ASSERT_TRUE(config.docker);
  EXPECT_EQ(config.docker->sockets, std::vector<Socket>({{"/run/docker.sock", 0}}));
  EXPECT_EQ(config.docker->timeout, milliseconds(2'000));
  EXPECT_EQ(config.docker->max_age, milliseconds(60'000));
  EXPECT_FALSE(config.docker->env);
  ASSERT_TRUE(config.podman);
  EXPECT_EQ(config.podman->sockets, std::vector<Socket>({{"/run/podman/podman.sock", 0}}));
}

TEST(ConfigEnginesTest, EveryKeyIsRead) {
  const Config config = Good(R"([attestors.podman]
sockets = ["/a.sock", "/b.sock"]
rootless_sockets = ["web:/c.sock", "7:/d.sock"]
timeout = "10ms"
max_age = "1h"
env = true)");
  EXPECT_FALSE(config.docker);
  ASSERT_TRUE(config.podman);
  EXPECT_EQ(
      config.podman->sockets,
      std::vector<Socket>({{"/a.sock", 0}, {"/b.sock", 0}, {"/c.sock", 1001}, {"/d.sock", 7}}));
  EXPECT_EQ(config.podman->timeout, milliseconds(10));
  EXPECT_EQ(config.podman->max_age, milliseconds(3'600'000));
  EXPECT_TRUE(config.podman->env);
}

TEST(ConfigEnginesTest, RootlessEnginesAlone) {
  const Config config =
      Good("[attestors.docker]\nsockets = []\nrootless_sockets = [\"web:/c.sock\"]");
  ASSERT_TRUE(config.docker);
  EXPECT_EQ(config.docker->sockets, std::vector<Socket>({{"/c.sock", 1001}}));
}

TEST(ConfigEnginesTest, KubernetesHasARuntimeOfRootsAndNothingOfTheEnvironment) {
  EXPECT_FALSE(Good("[attestors.docker]").k8s);
  const Config usual = Good("[attestors.k8s]");
  ASSERT_TRUE(usual.k8s);
  EXPECT_EQ(usual.k8s->sockets, std::vector<Socket>({{"/run/containerd/containerd.sock", 0}}));
  EXPECT_EQ(usual.k8s->max_age, milliseconds(60'000));
  const Config other =
      Good("[attestors.k8s]\nsockets = [\"/run/crio/crio.sock\"]\ntimeout = \"1s\"");
  ASSERT_TRUE(other.k8s);
  EXPECT_EQ(other.k8s->sockets, std::vector<Socket>({{"/run/crio/crio.sock", 0}}));
  EXPECT_EQ(other.k8s->timeout, milliseconds(1'000));
}

TEST(ConfigEnginesTest, MistakesAreTold) {
  const auto in = [](const std::string& line) { return "[attestors.docker]\n" + line; };
  const std::vector<DiagnosticCase> cases{
      {in("socket = \"/x\""), {3, 1}, "unknown key \"socket\"", "\"sockets\"?"},
      {in("sockets = \"/x\""), {3, 11}, "sockets is a string", "[\"/run/docker.sock\"]"},
      {in("sockets = []"), {3, 11}, "no socket", "remove the section"},
      {in("sockets = [\"run/x\"]"), {3, 12}, "not an absolute path", "from \"/\" on"},
      {in("sockets = [\"/x\", \"/./x\"]"), {3, 18}, "a second time", "once"},
      {in("sockets = [\"/" + std::string(200, 'x') + "\"]"), {3, 12}, "at most 107", "shorter"},
      {in("rootless_sockets = [\"/x\"]"), {3, 21}, "does not say whose", "user and path"},
      {in("rootless_sockets = [\":/x\"]"), {3, 21}, "does not say whose", "user and path"},
      {in("rootless_sockets = [\"db:/x\"]"), {3, 21}, "no user \"db\"", "another one"},
      {in("rootless_sockets = [\"0:/x\"]"), {3, 21}, "of root's", "move its path"},
      {in("timeout = \"1ms\""), {3, 11}, "timeout is shorter than", "10ms"},
      {in("max_age = \"2h\""), {3, 11}, "max_age is longer than", "1h"},
      {in("env = \"yes\""), {3, 7}, "env is a string", "true"},
      {"[attestors.k8s]\nenv = true", {3, 1}, "unknown key \"env\"", ""},
      {"[attestors.k8s]\nrootless_sockets = []", {3, 1}, "unknown key \"rootless_sockets\"", ""},
      {"[attestors.k8s]\nsockets = []", {3, 11}, "no socket", "remove the section"}};
  for (const auto& each : cases) {
    Diagnostics diagnostics;
    EXPECT_FALSE(Parse(each.text, diagnostics)) << each.text;
    ExpectOne(each, Severity::kError, diagnostics);
  }
}

}  // namespace
}  // namespace surety
