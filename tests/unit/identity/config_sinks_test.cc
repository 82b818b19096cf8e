// [[sink]].

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <optional>
#include <string>

#include "agent/config.h"
#include "tests/unit/identity/diagnostic_cases.h"

namespace surety {
namespace {

using ::testing::ElementsAre;

std::optional<Config> Parse(const std::string& text, Diagnostics& diagnostics) {
  const AccountIds some{[](const std::string& name) {
                          return name == "redis" ? std::optional<uid_t>(102) : std::nullopt;
                        },
                        [](const std::string& name) {
                          return name == "ssl" ? std::optional<gid_t>(107) : std::nullopt;
                        }};
  return ParseConfig("f.toml", "trust_domain = \"example.org\"\n" + text, {}, some, diagnostics);
}

std::string Sink(const std::string& lines) {
  return "[[sink]]\nname = \"a\"\nfolder = \"/f\"\n" + lines + "\n";
}

TEST(ConfigSinks, ReadsEachInOrderWithItsDefaults) {
  Diagnostics diagnostics;
  const auto config = Parse(
      Sink("unit = \"nginx.service\"\nreload_unit = \"nginx.service\"") +
          "[[sink]]\nname = \"b\"\nfolder = \"/g\"\nuid = \"redis\"\nexe = \"/usr/bin/redis\"\n"
          "owner = \"redis\"\ngroup = \"ssl\"\nmode = \"0640\"\nlayout = \"pkcs12\"\n"
          "password = \"x\"\non_refusal = \"keep\"\nreload_command = [\"/bin/echo\", \"a b\"]\n"
          "reload_timeout = \"1s\"\n",
      diagnostics);
  ASSERT_TRUE(config) << AllOf(diagnostics);
  ASSERT_EQ(config->sinks.size(), 2U);
  const SinkSettings& first = config->sinks[0];
  EXPECT_EQ(first.name, "a");
  EXPECT_EQ(first.subject.unit, "nginx.service");
  EXPECT_EQ(first.folder.path, "/f");
  EXPECT_EQ(first.folder.key_mode, 0600U);
  EXPECT_EQ(first.layout, SinkLayout::kPem);
  EXPECT_FALSE(first.keep_when_refused);
  EXPECT_EQ(first.reload.unit, "nginx.service");
  const SinkSettings& second = config->sinks[1];
  EXPECT_EQ(second.subject.uid, 102U);
  EXPECT_EQ(second.subject.exe, "/usr/bin/redis");
  EXPECT_EQ(second.folder.owner, 102U);
  EXPECT_EQ(second.folder.group, 107U);
  EXPECT_EQ(second.folder.key_mode, 0640U);
  EXPECT_EQ(second.layout, SinkLayout::kPkcs12);
  EXPECT_EQ(second.password, "x");
  EXPECT_TRUE(second.keep_when_refused);
  EXPECT_THAT(second.reload.command, ElementsAre("/bin/echo", "a b"));
  EXPECT_EQ(second.reload.timeout, std::chrono::seconds(1));
}

TEST(ConfigSinks, SignalsHaveTheirNames) {
  Diagnostics diagnostics;
  const auto config = Parse(Sink("uid = 5\nreload_signal = \"SIGUSR2\""), diagnostics);
  ASSERT_TRUE(config) << AllOf(diagnostics);
  EXPECT_EQ(config->sinks[0].reload.signal, SIGUSR2);
}

TEST(ConfigSinks, WrongOnesAreToldWithTheFix) {
  const std::string uid = "uid = 5\n";
  const std::vector<DiagnosticCase> cases{
      {Sink(""), {2, 1}, "for which process", "set one of unit"},
      {Sink("unit = \"a.service\"\nuid = 5"), {6, 7}, "in two ways", "set one of unit"},
      {Sink("unit = \"nginx\""), {5, 8}, "names no service", "nginx.service"},
      {Sink("container = \"../x\""), {5, 13}, "names none", "as the engine shows it"},
      {Sink("container = \"web\""), {5, 13}, "no engine", "[attestors.docker]"},
      {Sink("uid = 0"), {5, 7}, "first process of the host", "add exe"},
      {Sink("unit = \"a.service\"\nexe = \"/x\""), {6, 7}, "without uid", "add uid"},
      {Sink(uid + "mode = \"0644\""), {6, 8}, "lets others read the key", "0640"},
      {Sink(uid + "mode = \"0200\""), {6, 8}, "not its owner", "0600"},
      {Sink(uid + "layout = \"jks\""), {6, 10}, "is not known", "pkcs12"},
      {Sink(uid + "password = \"x\""), {6, 12}, "pkcs12", "leave it out"},
      {Sink(uid + "on_refusal = \"stop\""), {6, 14}, "is not known", "remove"},
      {Sink(uid + "reload_signal = \"KILL\""), {6, 17}, "reloads no program", "USR2"},
      {Sink(uid + "reload_command = \"nginx -s reload\""), {6, 18}, "reload_command", "["},
      {Sink(uid + "reload_command = [\"nginx\"]"), {6, 18}, "whole path", "no shell"},
      {Sink(uid + "reload_signal = \"HUP\"\nreload_unit = \"a.service\""),
       {6, 17},
       "both set",
       "one way"},
      {Sink(uid + "reload = \"unit\""), {6, 1}, "unknown key", "reload_unit"},
      {"[[sink]]\nfolder = \"/f\"\nuid = 5\n", {2, 1}, "has no name", "add name"},
      {"[[sink]]\nname = \"a\"\nuid = 5\n", {2, 1}, "has no folder", "add folder"},
      {Sink(uid) + "[[sink]]\nname = \"a\"\nfolder = \"/g\"\nuid = 6\n",
       {8, 8},
       "another sink's",
       "its own"},
      {Sink(uid) + "[[sink]]\nname = \"b\"\nfolder = \"/f/\"\nuid = 6\n",
       {9, 10},
       "another sink's",
       "its own"},
      {"[[sink]]\nname = \"a\"\nfolder = \"/var/lib/surety/x\"\nuid = 5\n",
       {4, 10},
       "in state_dir",
       "elsewhere"},
  };
  for (const auto& each : cases) {
    Diagnostics diagnostics;
    EXPECT_FALSE(Parse(each.text, diagnostics)) << each.text;
    ExpectOne(each, Severity::kError, diagnostics);
  }
}

}  // namespace
}  // namespace surety
