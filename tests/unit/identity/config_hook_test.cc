// The sections of the hook: [policy], [hook], [audit] and [watch].

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

std::optional<Config> Parse(const std::string& text, Diagnostics& diagnostics,
                            const ConfigOverrides& overrides = {}) {
  const AccountIds nobody{[](const std::string&) { return std::nullopt; },
                          [](const std::string&) { return std::nullopt; }};
  return ParseConfig("f.toml", text, overrides, nobody, diagnostics);
}

void ExpectEach(const std::vector<DiagnosticCase>& cases, Severity severity) {
  for (const auto& each : cases) {
    Diagnostics diagnostics;
    EXPECT_EQ(Parse(each.text, diagnostics).has_value(), severity == Severity::kWarning)
        << each.text;
    ExpectOne(each, severity, diagnostics);
  }
}

std::string With(const std::string& lines) {
  return "trust_domain = \"example.org\"\n" + lines + "\n";
}
std::string In(const std::string& section, const std::string& lines) {
  return With("[" + section + "]\n" + lines);
}

TEST(ConfigHookTest, DefaultsAreThese) {
  Diagnostics diagnostics;
  const auto config = Parse(With("[policy]\n[audit]\n[watch]"), diagnostics);
  ASSERT_TRUE(config) << AllOf(diagnostics);
  EXPECT_EQ(AllOf(diagnostics), "");
  EXPECT_EQ(config->policy.dir, "");
  EXPECT_FALSE(config->policy.beneath);
  EXPECT_FALSE(config->policy.monitor);
  EXPECT_FALSE(config->policy.refuse_at_expiry);
  EXPECT_EQ(config->hook.socket, "");
  EXPECT_EQ(config->hook.timeout, milliseconds(100));
  EXPECT_FALSE(config->hook.refuse_on_failure);
  EXPECT_EQ(config->audit.dir, "");
  EXPECT_EQ(AuditFolderOf(*config), "/var/lib/surety/audit");
  EXPECT_EQ(config->audit.segment_size, std::uint64_t{64} << 20);
  EXPECT_EQ(config->audit.keep_segments, 0U);
  EXPECT_EQ(config->audit.checkpoint_interval, Seconds(60));
  EXPECT_EQ(config->watch.sweep_interval, milliseconds(250));
  EXPECT_TRUE(config->watch.events);
}

TEST(ConfigHookTest, ReadsEveryKey) {
  Diagnostics diagnostics;
  const auto config = Parse(With(R"([policy]
dir = "/p"
beneath = true
monitor = true
refuse_at_expiry = true
[hook]
socket = "/h.sock"
timeout = "50ms"
on_failure = "refuse"
[audit]
dir = "/a"
segment_size = "64KiB"
keep_segments = 2
checkpoint_interval = "1s"
[watch]
sweep_interval = "1s500ms"
events = false
)"),
                            diagnostics);
  ASSERT_TRUE(config) << AllOf(diagnostics);
  EXPECT_EQ(AllOf(diagnostics), "");
  EXPECT_EQ(config->policy.dir, "/p");
  EXPECT_TRUE(config->policy.beneath);
  EXPECT_TRUE(config->policy.monitor);
  EXPECT_TRUE(config->policy.refuse_at_expiry);
  EXPECT_EQ(config->hook.socket, "/h.sock");
  EXPECT_EQ(config->hook.timeout, milliseconds(50));
  EXPECT_TRUE(config->hook.refuse_on_failure);
  EXPECT_EQ(config->audit.dir, "/a");
  EXPECT_EQ(AuditFolderOf(*config), "/a");
  EXPECT_EQ(config->audit.segment_size, 65'536U);
  EXPECT_EQ(config->audit.keep_segments, 2U);
  EXPECT_EQ(config->audit.checkpoint_interval, Seconds(1));
  EXPECT_EQ(config->watch.sweep_interval, milliseconds(1'500));
  EXPECT_FALSE(config->watch.events);
}

TEST(ConfigHookTest, UnknownKeysAreToldWithTheNearestKnownOne) {
  ExpectEach(
      {
          {In("polcy", ""), {2, 2}, "unknown key \"polcy\"", "\"policy\"?"},
          {In("policy", "monitr = true"), {3, 1}, "in [policy]", "\"monitor\"?"},
          {In("policy", "mode = \"monitor\""), {3, 1}, "unknown key \"mode\"", "monitor"},
          {In("audit", "segmentsize = \"1GiB\""), {3, 1}, "in [audit]", "\"segment_size\"?"},
          {In("watch", "sweep = \"1s\""), {3, 1}, "in [watch]", "sweep_interval"},
          {With("watch = \"1s\""), {2, 9}, "watch is a string, not a table", "[watch]"},
      },
      Severity::kError);
}

TEST(ConfigHookTest, SwitchesAreTrueOrFalse) {
  ExpectEach(
      {
          {In("policy", "dir = \"/p\"\nbeneath = \"yes\""),
           {4, 11},
           "beneath is a string, not true or false",
           "beneath = true"},
          {In("policy", "monitor = 1"), {3, 11}, "monitor is an integer", "monitor = true"},
          {In("policy", "refuse_at_expiry = \"1h\""),
           {3, 20},
           "refuse_at_expiry is a string",
           "refuse_at_expiry = true"},
          {In("watch", "events = 0"), {3, 10}, "events is an integer", "events = false"},
      },
      Severity::kError);
}

TEST(ConfigHookTest, SweepIntervalIsFineAndBounded) {
  ExpectEach(
      {
          {In("watch", "sweep_interval = \"9ms\""),
           {3, 18},
           "sweep_interval is shorter than 10ms",
           "choose a span from 10ms to 1m"},
          {In("watch", "sweep_interval = \"1m1ms\""),
           {3, 18},
           "sweep_interval is longer than 1m",
           "10ms to 1m"},
          {In("watch", "sweep_interval = \"0.25s\""),
           {3, 18},
           "\"0.25s\" is not a duration",
           "sweep_interval = \"250ms\""},
          {In("watch", "sweep_interval = 250"),
           {3, 18},
           "is an integer, not a string",
           "\"250ms\""},
      },
      Severity::kError);
  for (const std::string right : {"10ms", "60s"}) {
    Diagnostics diagnostics;
    EXPECT_TRUE(Parse(In("watch", "sweep_interval = \"" + right + "\""), diagnostics)) << right;
  }
}

TEST(ConfigHookTest, TheExternalHookIsNamedBoundedAndNeverAllowsByFailing) {
  const std::string socket = "socket = \"/h.sock\"\n";
  ExpectEach(
      {
          {In("hook", ""), {2, 1}, "[hook] has no socket", "\"/run/surety/hook.sock\""},
          {In("hook", "socket = \"h.sock\""), {3, 10}, "not an absolute path", "from \"/\""},
          {In("hook", "socket = \"/run/hook/\""), {3, 10}, "names a folder", "hook.sock"},
          {In("hook", "socket = \"/run/surety/workload.sock\""),
           {3, 10},
           "[hook] and [workload_api] have the same socket",
           "the hook listens on"},
          {In("hook", "socket = \"/run/x/../surety/admin.sock\""),
           {3, 10},
           "[hook] and [admin] have the same socket",
           "the hook listens on"},
          {In("hook", socket + "timeout = \"0s\""), {4, 11}, "shorter than 1ms", "1ms to 2s"},
          {In("hook", socket + "timeout = \"2s1ms\""), {4, 11}, "longer than 2s", "1ms to 2s"},
          {In("hook", socket + "on_failure = \"allow\""),
           {4, 14},
           "on_failure is \"allow\"",
           "\"undecided\" or \"refuse\""},
          {In("hook", socket + "deadline = \"1s\""), {4, 1}, "unknown key \"deadline\"", "timeout"},
      },
      Severity::kError);
  Diagnostics diagnostics;
  const auto config = Parse(In("hook", socket + "on_failure = \"undecided\""), diagnostics);
  ASSERT_TRUE(config) << AllOf(diagnostics);
  EXPECT_FALSE(config->hook.refuse_on_failure);
}

TEST(ConfigHookTest, AuditLogHasSensibleSizes) {
  ExpectEach(
      {
          {In("audit", "segment_size = \"65535B\""),
           {3, 16},
           "segment_size is smaller than 64KiB",
           "choose a size from 64KiB to 16GiB"},
          {In("audit", "segment_size = \"17GiB\""), {3, 16}, "larger than 16GiB", "64KiB to 16GiB"},
          {In("audit", "segment_size = \"0B\""), {3, 16}, "is not a size", "\"64MiB\""},
          {In("audit", "segment_size = 67108864"),
           {3, 16},
           "is an integer, not a string",
           "\"64MiB\""},
          {In("audit", "keep_segments = -1"), {3, 17}, "keep_segments is -1", "from 0 to"},
          {In("audit", "keep_segments = 1"), {3, 17}, "keep_segments is 1", "2 or more, or 0"},
          {In("audit", "checkpoint_interval = \"0s\""), {3, 23}, "shorter than 1s", "1s to 1d"},
          {In("audit", "checkpoint_interval = \"25h\""), {3, 23}, "longer than 1d", "1s to 1d"},
      },
      Severity::kError);
}

TEST(ConfigHookTest, FoldersAreAbsolutePaths) {
  ExpectEach(
      {
          {In("policy", "dir = \"policies.d\""), {3, 7}, "is not an absolute path", "from \"/\""},
          {In("audit", "dir = \"\""), {3, 7}, "dir \"\" is not an absolute path", "from \"/\""},
          {In("audit", "dir = \"audit\""), {3, 7}, "is not an absolute path", "from \"/\""},
          {In("audit", "dir = \"/a\\u0000b\""), {3, 7}, "zero byte", "without it"},
      },
      Severity::kError);
}

TEST(ConfigHookTest, AuditLogHasAFolderOfItsOwn) {
  ExpectEach(
      {
          {In("audit", "dir = \"/etc/surety//entries.d/\""),
           {3, 7},
           "\"/etc/surety//entries.d/\", is entries_dir as well",
           "a folder of its own, such as dir = \"/var/log/surety\""},
          {In("audit", "dir = \"/var/lib/surety\""), {3, 7}, "is state_dir as well", "own"},
          {In("policy", "dir = \"/p\"\n[audit]\ndir = \"/x/../p/\""),
           {5, 7},
           "is dir of [policy] as well",
           "own"},
          {With("state_dir = \"/s\"\n[policy]\ndir = \"/s/audit\""),
           {4, 7},
           "\"/s/audit\", is dir of [policy] as well",
           "in [audit]"},
          {With("state_dir = \"/s\"\nentries_dir = \"/s/audit/\""),
           {3, 15},
           "is entries_dir as well",
           "in [audit]"},
      },
      Severity::kError);
  Diagnostics diagnostics;
  EXPECT_FALSE(Parse(In("audit", "dir = \"/e\""), diagnostics,
                     {.state_dir = {}, .entries_dir = "/e", .log_level = {}}))
      << "flags are judged like the file";
}

TEST(ConfigHookTest, BeneathWithoutPoliciesOfOnesOwnIsAWarning) {
  ExpectEach(
      {{In("policy", "beneath = true"), {3, 11}, "beneath says nothing without dir", "remove it"}},
      Severity::kWarning);
}

}  // namespace
}  // namespace surety
