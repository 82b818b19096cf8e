// [[attestors.plugin]].

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <optional>
#include <string>

#include "agent/config.h"
#include "tests/unit/identity/diagnostic_cases.h"

namespace surety {
namespace {

using std::chrono::milliseconds;
using ::testing::Contains;

std::optional<Config> Parse(const std::string& text, Diagnostics& diagnostics) {
  const AccountIds nobody{[](const std::string&) { return std::nullopt; },
                          [](const std::string&) { return std::nullopt; }};
  return ParseConfig("f.toml", "trust_domain = \"example.org\"\n" + text, {}, nobody, diagnostics);
}

std::string Plugin(const std::string& lines) { return "[[attestors.plugin]]\n" + lines + "\n"; }

TEST(ConfigPluginsTest, ReadsEachInOrder) {
  Diagnostics diagnostics;
  const auto config = Parse(
      Plugin("name = \"slurm\"\nsocket = \"/s.sock\"") +
          Plugin("name = \"tmux\"\nsocket = \"/t.sock\"\ntimeout = \"50ms\"\nrequired = false"),
      diagnostics);
  ASSERT_TRUE(config) << AllOf(diagnostics);
  ASSERT_EQ(config->plugins.size(), 2U);
  EXPECT_EQ(config->plugins[0].name, "slurm");
  EXPECT_EQ(config->plugins[0].socket, "/s.sock");
  EXPECT_EQ(config->plugins[0].timeout, milliseconds(500));
  EXPECT_TRUE(config->plugins[0].required);
  EXPECT_EQ(config->plugins[1].timeout, milliseconds(50));
  EXPECT_FALSE(config->plugins[1].required);
  EXPECT_THAT(EntryRulesOf(*config, {"unix:uid"}).known_selectors, Contains("tmux"));
}

TEST(ConfigPluginsTest, WrongOnesAreToldWithTheFix) {
  const std::string socket = "socket = \"/s.sock\"\n";
  const std::vector<DiagnosticCase> cases{
      {Plugin(socket), {2, 1}, "has no name", "slurm:job:42"},
      {Plugin("name = \"slurm\""), {2, 1}, "has no socket", "add socket"},
      {Plugin(socket + "name = \"Slurm\""), {4, 8}, "cannot begin a selector", "a-z"},
      {Plugin(socket + "name = \"a:b\""), {4, 8}, "cannot begin a selector", "a-z"},
      {Plugin(socket + "name = \"\""), {4, 8}, "cannot begin a selector", "a-z"},
      {Plugin(socket + "name = \"unix\""), {4, 8}, "of a built-in attestor", "another"},
      {Plugin(socket + "name = \"k8s\""), {4, 8}, "of a built-in attestor", "another"},
      {Plugin(socket + "name = \"x\"") + Plugin(socket + "name = \"x\""),
       {7, 8},
       "of another plug-in as well",
       "its own"},
      {Plugin(socket + "name = \"x\"\ntimeout = \"2s\""), {5, 11}, "longer than 1s", "1ms to 1s"},
      {Plugin(socket + "name = \"x\"\nrequired = \"no\""), {5, 12}, "a string", "required = false"},
      {Plugin(socket + "name = \"x\"\noptional = true"), {5, 1}, "unknown key", "required"},
      {Plugin("socket = \"/run/surety/admin.sock\"\nname = \"x\""),
       {3, 10},
       "and [admin] have the same socket",
       "the plug-in listens on"},
  };
  for (const auto& each : cases) {
    Diagnostics diagnostics;
    EXPECT_FALSE(Parse(each.text, diagnostics)) << each.text;
    ExpectOne(each, Severity::kError, diagnostics);
  }
}

TEST(ConfigPluginsTest, ThereAreNotTooMany) {
  std::string all;
  for (int i = 0; i < 17; ++i)
    all += Plugin("name = \"p" + std::to_string(i) + "\"\nsocket = \"/s.sock\"");
  Diagnostics diagnostics;
  EXPECT_FALSE(Parse(all, diagnostics));
  EXPECT_NE(AllOf(diagnostics).find("there are 17 plug-ins"), std::string::npos);
}

}  // namespace
}  // namespace surety
