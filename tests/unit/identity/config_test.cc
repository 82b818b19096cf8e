#include "agent/config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <string>
#include <vector>

#include "tests/unit/identity/config_cases.h"
#include "tests/unit/identity/scratch_folder.h"

namespace surety {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::SizeIs;

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
  EXPECT_EQ(config->log_format, LogFormat::kAuto);
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
          {In("jwt", "tll = \"5m\""), {3, 1}, "in [jwt]", "\"ttl\"?"},
          {In("wit", "enabled = \"yes\""), {3, 11}, "enabled", "true"},
          {In("wit", "ttl = \"1h\"\nkey_ttl = \"2h\""), {4, 11}, "less than four times ttl", "4h"},
          {In("jwt", "ttl = \"1h\"\nkey_ttl = \"2h\""), {4, 11}, "less than four times ttl", "4h"},
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
