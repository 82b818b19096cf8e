#include "agent/config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <string>
#include <vector>

#include "tests/unit/identity/diagnostic_cases.h"
#include "tests/unit/identity/scratch_folder.h"

namespace surety {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::SizeIs;

/// A host with the user "web" (uid 1001) and the group "web" (gid 2001).
AccountIds Accounts() {
  return {[](const std::string& name) {
            return name == "web" ? std::optional<uid_t>(1001) : std::nullopt;
          },
          [](const std::string& name) {
            return name == "web" ? std::optional<gid_t>(2001) : std::nullopt;
          }};
}

std::optional<Config> Parse(const std::string& text, Diagnostics& diagnostics,
                            const ConfigOverrides& overrides = {}) {
  return ParseConfig("f.toml", text, overrides, Accounts(), diagnostics);
}

void ExpectEach(const std::vector<DiagnosticCase>& cases, Severity severity) {
  for (const auto& each : cases) {
    Diagnostics diagnostics;
    const auto config = Parse(each.text, diagnostics);
    ExpectOne(each, severity, diagnostics);
    EXPECT_EQ(config.has_value(), severity == Severity::kWarning) << each.text;
  }
}

/// A right configuration with `lines` behind it, from line 2 on.
std::string With(const std::string& lines) {
  return "trust_domain = \"example.org\"\n" + lines + "\n";
}
std::string In(const std::string& section, const std::string& lines) {
  return With("[" + section + "]\n" + lines);
}

TEST(ConfigTest, TrustDomainIsEnough) {
  Diagnostics diagnostics;
  const auto config = Parse(With(""), diagnostics);
  ASSERT_TRUE(config) << AllOf(diagnostics);
  EXPECT_EQ(AllOf(diagnostics), "");
  EXPECT_EQ(config->trust_domain.name(), "example.org");
}

TEST(ConfigTest, DefaultsAreThese) {
  Diagnostics diagnostics;
  const auto config = Parse(With(""), diagnostics);
  ASSERT_TRUE(config);
  EXPECT_EQ(config->state_dir, "/var/lib/surety");
  EXPECT_EQ(config->entries_dir, "/etc/surety/entries.d");
  EXPECT_EQ(config->log_level, LogLevel::kInfo);
  EXPECT_EQ(config->log_format, LogFormat::kText);
  EXPECT_EQ(config->workload_api.socket.path, "/run/surety/workload.sock");
  EXPECT_EQ(config->workload_api.socket.mode, 0666U);
  EXPECT_EQ(config->admin.socket.path, "/run/surety/admin.sock");
  EXPECT_EQ(config->admin.socket.mode, 0600U);
  EXPECT_THAT(config->admin.allowed_uids, ElementsAre(0U));
  EXPECT_EQ(config->x509.ttl, Seconds(900));
  EXPECT_EQ(config->x509.ca_ttl, Seconds(604'800));
  EXPECT_EQ(config->x509.clock_skew, Seconds(30));
  EXPECT_FALSE(config->x509.ca_files);
  EXPECT_EQ(config->x509.crl_validity, Seconds(3600));
  EXPECT_EQ(config->x509.crl_file, "");
  EXPECT_EQ(config->limits.connections_per_uid, 6'000U);
  EXPECT_EQ(config->limits.streams_per_uid, 12'000U);
  EXPECT_EQ(config->limits.calls_per_second_per_uid, 1'000U);
  EXPECT_EQ(config->limits.calls_burst_per_uid, 12'000U);
  EXPECT_EQ(config->limits.short_calls_per_second_per_lineage, 200U);
  EXPECT_EQ(config->limits.short_calls_burst_per_lineage, 2'000U);
  EXPECT_EQ(config->limits.connections, 0U);
  EXPECT_EQ(config->limits.silent_timeout, Seconds(30));
  EXPECT_EQ(config->limits.idle_timeout, Seconds(600));
  EXPECT_EQ(config->limits.stalled_write_timeout, Seconds(30));
  EXPECT_EQ(config->unix_attestor.sha256_max_size, std::uint64_t{512} << 20);
  EXPECT_EQ(config->unix_attestor.sha256_timeout, Seconds(10));
  EXPECT_EQ(config->systemd_attestor.enabled, std::nullopt);
}

TEST(ConfigTest, ReadsEveryKey) {
  Diagnostics diagnostics;
  const auto config = Parse(R"(trust_domain = "prod.example.org"
state_dir = "/s"
entries_dir = "/e"
log_level = "debug"
[log]
format = "json"
[workload_api]
socket = "/run/w.sock"
mode = "0660"
owner = "web"
group = 7
[admin]
socket = "/run/a.sock"
mode = "660"
owner = 8
group = "web"
allowed_uids = [0, 1001]
[x509]
ttl = "1h"
ca_ttl = "30d"
clock_skew = "0s"
ca_cert = "/ca.pem"
ca_key = "/ca.key"
ca_chain = "/chain.pem"
crl_validity = "10m"
crl_file = "/run/crl.pem"
[limits]
connections_per_uid = 1
streams_per_uid = 2
calls_per_second_per_uid = 3
calls_burst_per_uid = 4
short_calls_per_second_per_lineage = 10
short_calls_burst_per_lineage = 11
connections = 5
silent_timeout = "6s"
idle_timeout = "7s"
stalled_write_timeout = "8s"
[attestors.unix]
sha256_max_size = "64KiB"
sha256_timeout = "9s"
[attestors.systemd]
enabled = false
bus = "/run/bus"
timeout = "250ms"
)",
                            diagnostics);
  ASSERT_TRUE(config) << AllOf(diagnostics);
  EXPECT_EQ(AllOf(diagnostics), "");
  EXPECT_EQ(config->trust_domain.name(), "prod.example.org");
  EXPECT_EQ(config->state_dir, "/s");
  EXPECT_EQ(config->entries_dir, "/e");
  EXPECT_EQ(config->log_level, LogLevel::kDebug);
  EXPECT_EQ(config->log_format, LogFormat::kJson);
  EXPECT_EQ(config->workload_api.socket.path, "/run/w.sock");
  EXPECT_EQ(config->workload_api.socket.mode, 0660U);
  EXPECT_EQ(config->workload_api.socket.owner, 1001U);
  EXPECT_EQ(config->workload_api.socket.group, 7U);
  EXPECT_EQ(config->admin.socket.path, "/run/a.sock");
  EXPECT_EQ(config->admin.socket.mode, 0660U);
  EXPECT_EQ(config->admin.socket.owner, 8U);
  EXPECT_EQ(config->admin.socket.group, 2001U);
  EXPECT_THAT(config->admin.allowed_uids, ElementsAre(0U, 1001U));
  EXPECT_EQ(config->x509.ttl, Seconds(3600));
  EXPECT_EQ(config->x509.ca_ttl, Seconds(30 * 86'400));
  EXPECT_EQ(config->x509.clock_skew, Seconds(0));
  ASSERT_TRUE(config->x509.ca_files);
  EXPECT_EQ(config->x509.ca_files->cert, "/ca.pem");
  EXPECT_EQ(config->x509.ca_files->key, "/ca.key");
  EXPECT_EQ(config->x509.ca_files->chain, "/chain.pem");
  EXPECT_EQ(config->x509.crl_validity, Seconds(600));
  EXPECT_EQ(config->x509.crl_file, "/run/crl.pem");
  EXPECT_EQ(config->limits.connections_per_uid, 1U);
  EXPECT_EQ(config->limits.streams_per_uid, 2U);
  EXPECT_EQ(config->limits.calls_per_second_per_uid, 3U);
  EXPECT_EQ(config->limits.calls_burst_per_uid, 4U);
  EXPECT_EQ(config->limits.short_calls_per_second_per_lineage, 10U);
  EXPECT_EQ(config->limits.short_calls_burst_per_lineage, 11U);
  EXPECT_EQ(config->limits.connections, 5U);
  EXPECT_EQ(config->limits.silent_timeout, Seconds(6));
  EXPECT_EQ(config->limits.idle_timeout, Seconds(7));
  EXPECT_EQ(config->limits.stalled_write_timeout, Seconds(8));
  EXPECT_EQ(config->unix_attestor.sha256_max_size, 65'536U);
  EXPECT_EQ(config->unix_attestor.sha256_timeout, Seconds(9));
  EXPECT_EQ(config->systemd_attestor.enabled, false);
  EXPECT_EQ(config->systemd_attestor.bus, "/run/bus");
  EXPECT_EQ(config->systemd_attestor.timeout, std::chrono::milliseconds(250));
}

TEST(ConfigTest, TrustDomainHasNoDefault) {
  ExpectEach(
      {
          {"", {1, 1}, "trust_domain is missing, and there is no default", "trust_domain = "},
          {"trust_domain = 1\n", {1, 16}, "trust_domain is an integer", "\"example.org\""},
          {"trust_domain = \"Example.org\"\n", {1, 16}, "'E' at byte 1", "in lower case"},
          {"trust_domain = \"spiffe://example.org\"\n", {1, 16}, "':' at byte 7", "the bare name"},
      },
      Severity::kError);
}

TEST(ConfigTest, UnknownKeysAreToldWithTheNearestKnownOne) {
  ExpectEach(
      {
          {With("state_dirr = \"/x\""), {2, 1}, "unknown key \"state_dirr\"", "\"state_dir\"?"},
          {In("workload-api", ""), {2, 2}, "unknown key \"workload-api\"", "\"workload_api\"?"},
          {In("admin", "mod = \"0600\""), {3, 1}, "unknown key \"mod\" in [admin]", "\"mode\"?"},
          {In("x509", "tll = \"1h\""), {3, 1}, "in [x509]", "\"ttl\"?"},
          {In("limits", "connection = 1"), {3, 1}, "in [limits]", "\"connections\"?"},
          {In("log", "formt = \"json\""), {3, 1}, "in [log]", "\"format\"?"},
          {In("attestors.unx", ""), {2, 12}, "unknown key \"unx\" in [attestors]", "\"unix\"?"},
          {In("attestors.unix", "sha256 = 1"), {3, 1}, "in [attestors.unix]", "known keys are"},
      },
      Severity::kError);
}

TEST(ConfigTest, SectionsAreTables) {
  ExpectEach(
      {
          {With("workload_api = \"/run/x\""),
           {2, 16},
           "workload_api is a string, not a table",
           "[workload_api]"},
          {With("[[admin]]"), {2, 1}, "admin is an array, not a table", "[admin]"},
      },
      Severity::kError);
}

TEST(ConfigTest, PathsAreAbsoluteAndSocketPathsAtMost107Bytes) {
  const std::string long_path = "/run/" + std::string(103, 's');
  ASSERT_EQ(long_path.size(), 108U);
  ExpectEach(
      {
          {With("state_dir = \"x\""),
           {2, 13},
           "state_dir \"x\" is not an absolute path",
           "from \"/\""},
          {With("entries_dir = \"\""),
           {2, 15},
           "entries_dir \"\" is not an absolute path",
           "from \"/\""},
          {With("state_dir = \"/a\\u0000b\""), {2, 13}, "zero byte", "without it"},
          {With("state_dir = \"/" + std::string(4095, 'x') + "\""),
           {2, 13},
           "at most 4095",
           "shorter"},
          {In("workload_api", "socket = \"w.sock\""), {3, 10}, "is not an absolute path", "from"},
          {In("workload_api", "socket = \"tcp://127.0.0.1:1\""),
           {3, 10},
           "not an absolute path",
           "from"},
          {In("workload_api", "socket = \"/run/\""), {3, 10}, "names a folder", "workload.sock"},
          {In("workload_api", "socket = \"" + long_path + "\""),
           {3, 10},
           "is 108 bytes long; at most 107 are allowed",
           "shorter path"},
          {In("admin", "socket = \"" + long_path + "\""), {3, 10}, "at most 107", "shorter path"},
      },
      Severity::kError);
  Diagnostics diagnostics;
  Parse(In("workload_api", "socket = \"" + long_path.substr(0, 107) + "\""), diagnostics);
  EXPECT_EQ(AllOf(diagnostics), "");
}

TEST(ConfigTest, SocketsHavePathsOfTheirOwn) {
  ExpectEach(
      {
          {In("workload_api", "socket = \"/run/surety//x/../admin.sock\""),
           {2, 1},
           "have the same socket",
           "a path of its own"},
          {In("admin", "socket = \"/run/surety/workload.sock\""),
           {2, 1},
           "have the same socket",
           "a path of its own"},
      },
      Severity::kError);
}

TEST(ConfigTest, ModesAreOctalInAString) {
  ExpectEach(
      {
          {In("workload_api", "mode = 0o666"),
           {3, 8},
           "mode is an integer, not a string",
           "\"0660\""},
          {In("workload_api", "mode = \"rw-rw-rw-\""),
           {3, 8},
           "not an octal file mode",
           "\"0600\""},
          {In("workload_api", "mode = \"0689\""), {3, 8}, "not an octal file mode", "\"0600\""},
          {In("workload_api", "mode = \"4666\""), {3, 8}, "not an octal file mode", "\"0777\""},
          {In("workload_api", "mode = \"\""), {3, 8}, "not an octal file mode", "\"0600\""},
      },
      Severity::kError);
}

TEST(ConfigTest, OwnersAndGroupsAreOnesTheHostKnowsOrNumbers) {
  ExpectEach(
      {
          {In("workload_api", "owner = \"nobody-here\""),
           {3, 9},
           "no user \"nobody-here\"",
           "create"},
          {In("admin", "group = \"nobody-here\""), {3, 9}, "no group \"nobody-here\"", "create"},
          {In("admin", "owner = -1"), {3, 9}, "no user \"-1\"", "number"},
          {In("admin", "owner = 4294967295"), {3, 9}, "no user \"4294967295\"", "number"},
          {In("admin", "group = true"),
           {3, 9},
           "group is a boolean, not a name or a number",
           "root"},
          {In("admin", "allowed_uids = [0, -1]"), {3, 20}, "allowed_uids has -1", "user ids"},
          {In("admin", "allowed_uids = [\"root\"]"), {3, 17}, "is a string, not an integer", "[0]"},
          {In("admin", "allowed_uids = 0"), {3, 16}, "is an integer, not an array", "[0]"},
      },
      Severity::kError);
}

TEST(ConfigTest, WhatIsProbablyNotMeantIsAWarning) {
  ExpectEach(
      {
          {In("admin", "mode = \"0666\""),
           {3, 8},
           "everyone may connect to the admin socket",
           "0600"},
          {In("admin", "allowed_uids = []"), {3, 16}, "nobody can administer", "[0]"},
      },
      Severity::kWarning);
}

TEST(ConfigTest, LifetimesFitIntoEachOther) {
  ExpectEach(
      {
          {In("x509", "ttl = \"15 minutes\""),
           {3, 7},
           "\"15 minutes\" is not a duration",
           "\"15m\""},
          {In("x509", "ttl = \"5s\""), {3, 7}, "ttl is shorter than 10s", "from 10s to 30d"},
          {In("x509", "ca_ttl = \"39s\""), {3, 10}, "ca_ttl is shorter than 40s", "40s"},
          {In("x509", "clock_skew = \"11m\""),
           {3, 14},
           "clock_skew is longer than 10m",
           "0s to 10m"},
          {In("x509", "ttl = \"1h\"\nca_ttl = \"3h59m\""),
           {4, 10},
           "ca_ttl (3h59m) is less than four times ttl (1h)",
           "ca_ttl to at least \"4h\""},
          {In("x509", "ttl = \"2d\""),
           {3, 7},
           "ca_ttl (7d) is less than four times ttl (2d)",
           "at least \"8d\""},
      },
      Severity::kError);
}

TEST(ConfigTest, CaTtlDoesNotConcernAnOperatorsCa) {
  Diagnostics diagnostics;
  const auto config =
      Parse(In("x509", "ttl = \"2d\"\nca_cert = \"/c\"\nca_key = \"/k\""), diagnostics);
  ASSERT_TRUE(config) << AllOf(diagnostics);
  EXPECT_EQ(EntryRulesOf(*config, {}).ca_ttl, kMaxX509Ttl);
}

TEST(ConfigTest, OperatorsCaIsACertificateAndAKey) {
  ExpectEach(
      {
          {In("x509", "ca_cert = \"/c\""),
           {3, 11},
           "ca_cert is set without ca_key",
           "both, or none"},
          {In("x509", "ca_key = \"/k\""),
           {3, 10},
           "ca_key is set without ca_cert",
           "both, or none"},
          {In("x509", "ca_chain = \"/x\""), {3, 12}, "without ca_cert and ca_key", "both, or none"},
          {In("x509", "ca_cert = \"c\"\nca_key = \"/k\""),
           {3, 11},
           "ca_cert \"c\" is not an absolute",
           "whole path"},
      },
      Severity::kError);
}

TEST(ConfigTest, LimitsAreWholeNumbersAndSpans) {
  ExpectEach(
      {
          {In("limits", "connections_per_uid = 0"),
           {3, 23},
           "connections_per_uid is 0",
           "from 1 to"},
          {In("limits", "short_calls_per_second_per_lineage = 0"),
           {3, 38},
           "short_calls_per_second_per_lineage is 0",
           "from 1 to"},
          {In("limits", "short_calls_burst_per_lineage = 0"),
           {3, 33},
           "short_calls_burst_per_lineage is 0",
           "from 1 to"},
          {In("limits", "streams_per_uid = -1"), {3, 19}, "streams_per_uid is -1", "from 1 to"},
          {In("limits", "connections = 1000000001"),
           {3, 15},
           "connections is 1000000001",
           "from 0"},
          {In("limits", "calls_burst_per_uid = \"9\""),
           {3, 23},
           "is a string, not an integer",
           "calls_burst_per_uid = 12000"},
          {In("limits", "silent_timeout = \"0s\""), {3, 18}, "shorter than 1s", "from 1s to 1d"},
          {In("limits", "idle_timeout = 10"), {3, 16}, "is an integer, not a string", "\"10m\""},
      },
      Severity::kError);
}

TEST(ConfigTest, SizesHaveAUnit) {
  for (const std::string wrong : {"512", "0B", "512MB", "512 MiB", "-1B", "MiB", "1025GiB",
                                  "99999999999999999999B", "1.5GiB"})
    ExpectEach({{In("attestors.unix", "sha256_max_size = \"" + wrong + "\""),
                 {3, 19},
                 "is not a size",
                 "\"512MiB\""}},
               Severity::kError);
}

TEST(ConfigTest, LevelsAndFormatsAreNames) {
  ExpectEach(
      {
          {With("log_level = \"verbose\""),
           {2, 13},
           "log_level \"verbose\" is not a level",
           "debug, info"},
          {In("log", "format = \"xml\""), {3, 10}, "\"xml\" is not a log format", "\"json\""},
      },
      Severity::kError);
}

TEST(ConfigTest, AllErrorsAreToldAtOnce) {
  Diagnostics diagnostics;
  EXPECT_FALSE(
      Parse("trust_domain = \"X\"\nstate_dir = \"x\"\n[x509]\nttl = \"x\"\n[admin]\nx = 1\n",
            diagnostics));
  std::vector<std::string> places;
  for (const auto& item : diagnostics.items()) places.push_back(PlaceOf(item));
  EXPECT_THAT(places, testing::UnorderedElementsAre("f.toml:1:16", "f.toml:2:13", "f.toml:4:7",
                                                    "f.toml:6:1"));
}

TEST(ConfigTest, FlagsGoBeforeTheFileAndAreJudgedAlike) {
  const std::string text = With("state_dir = \"relative\"\nlog_level = \"error\"");
  Diagnostics right;
  const auto config =
      Parse(text, right, {.state_dir = "/s", .entries_dir = "/e", .log_level = "debug"});
  ASSERT_TRUE(config) << AllOf(right);
  EXPECT_EQ(config->state_dir, "/s");
  EXPECT_EQ(config->entries_dir, "/e");
  EXPECT_EQ(config->log_level, LogLevel::kDebug);

  Diagnostics wrong;
  EXPECT_FALSE(Parse(With(""), wrong, {.state_dir = "s", .entries_dir = {}, .log_level = "loud"}));
  ASSERT_THAT(wrong.items(), SizeIs(2));
  EXPECT_EQ(Render(wrong.items()[0]).substr(0, 62),
            "f.toml: error: --state-dir \"s\" is not an absolute path\n  fix: ");
  EXPECT_THAT(wrong.items()[1].what, HasSubstr("--log-level \"loud\" is not a level"));
}

TEST(ConfigTest, EntriesAreJudgedByTheConfiguration) {
  Diagnostics diagnostics;
  const auto config = Parse(In("x509", "ttl = \"1h\"\nca_ttl = \"1d\""), diagnostics);
  ASSERT_TRUE(config);
  const EntryRules rules = EntryRulesOf(*config, {"unix"});
  EXPECT_EQ(rules.trust_domain.name(), "example.org");
  EXPECT_EQ(rules.default_ttl, Seconds(3600));
  EXPECT_EQ(rules.ca_ttl, Seconds(86'400));
  EXPECT_THAT(rules.known_selectors, ElementsAre("unix"));
}

TEST(ConfigTest, FileThatOthersMayWriteIsRefused) {
  const ScratchFolder folder;
  folder.Write("suretyd.toml", With(""), 0666);
  Diagnostics diagnostics;
  EXPECT_FALSE(LoadConfig(folder.At("suretyd.toml"), {}, diagnostics));
  ASSERT_THAT(diagnostics.items(), SizeIs(1));
  EXPECT_THAT(diagnostics.items()[0].what, HasSubstr("can be written by its group or by everyone"));
  folder.Write("suretyd.toml", With(""), 0644);
  Diagnostics none;
  EXPECT_TRUE(LoadConfig(folder.At("suretyd.toml"), {}, none)) << AllOf(none);
}

TEST(ConfigTest, MissingFileIsTold) {
  Diagnostics diagnostics;
  EXPECT_FALSE(LoadConfig("/nonexistent/suretyd.toml", {}, diagnostics));
  ASSERT_THAT(diagnostics.items(), SizeIs(1));
  EXPECT_EQ(Render(diagnostics.items()[0]),
            "/nonexistent/suretyd.toml: error: cannot be opened: No such file or directory\n"
            "  fix: create it, or correct the path");
}

TEST(ConfigTest, SystemKnowsRoot) {
  const AccountIds accounts = SystemAccountIds();
  EXPECT_EQ(accounts.user("root"), 0U);
  EXPECT_EQ(accounts.group("root"), 0U);
  EXPECT_EQ(accounts.user("no such user"), std::nullopt);
  EXPECT_EQ(accounts.group(""), std::nullopt);
}

}  // namespace
}  // namespace surety
