// What the keys may be: paths, modes, owners, lifetimes, limits, sizes.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <string>
#include <vector>

#include "agent/credential.h"
#include "tests/unit/identity/config_cases.h"

namespace surety {
namespace {

TEST(ConfigValuesTest, PathsAreAbsoluteAndSocketPathsAtMost107Bytes) {
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

TEST(ConfigValuesTest, SocketsHavePathsOfTheirOwn) {
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

TEST(ConfigValuesTest, ModesAreOctalInAString) {
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

TEST(ConfigValuesTest, OwnersAndGroupsAreOnesTheHostKnowsOrNumbers) {
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

TEST(ConfigValuesTest, WhatIsProbablyNotMeantIsAWarning) {
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

TEST(ConfigValuesTest, LifetimesFitIntoEachOther) {
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

TEST(ConfigValuesTest, CaTtlDoesNotConcernAnOperatorsCa) {
  Diagnostics diagnostics;
  const auto config =
      Parse(In("x509", "ttl = \"2d\"\nca_cert = \"/c\"\nca_key = \"/k\""), diagnostics);
  ASSERT_TRUE(config) << AllOf(diagnostics);
  EXPECT_EQ(EntryRulesOf(*config, {}).ca_ttl, kMaxX509Ttl);
}

TEST(ConfigValuesTest, OperatorsCaIsACertificateAndAKey) {
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
          {In("x509", "ca_cert = \"credential:ca.pem\"\nca_key = \"credential:../key\""),
           {4, 10},
           "\"credential:../key\" names no credential",
           "LoadCredential="},
          {In("x509", "ca_cert = \"/c\"\nca_key = \"pkcs11:token=t\""),
           {4, 10},
           "ca_key names no key: it names no key in the token",
           "docs/keys.md"},
          {In("x509",
              "ca_cert = \"/c\"\nca_key = \"tpm2:handle=0x81000001?pin-source=credential:/\""),
           {4, 10},
           "pin-source names no credential",
           "docs/keys.md"},
          {In("x509", "crl_file = \"credential:crl\""), {3, 12}, "not an absolute", "whole path"},
      },
      Severity::kError);
}

TEST(ConfigValuesTest, PinThatStandsInItIsNotRepeated) {
  Diagnostics diagnostics;
  const std::string key = "ca_key = \"pkcs11:token=t;object=a?pin-value=4711\"";
  EXPECT_FALSE(Parse(In("x509", "ca_cert = \"/c\"\n" + key), diagnostics));
  EXPECT_THAT(AllOf(diagnostics), testing::Not(testing::HasSubstr("4711")));
}

TEST(ConfigValuesTest, KeyOfAnOperatorsCaMayBeInAToken) {
  Diagnostics diagnostics;
  const std::string key = "tpm2:handle=0x81000001?tcti=device:/dev/tpm0";
  const auto config =
      Parse(In("x509", "ca_cert = \"/ca.pem\"\nca_key = \"" + key + "\""), diagnostics);
  ASSERT_TRUE(config) << AllOf(diagnostics);
  EXPECT_EQ(config->x509.ca_files->key, key);
}

TEST(ConfigValuesTest, OperatorsCaMayBeCredentials) {
  Diagnostics diagnostics;
  const auto config =
      Parse(In("x509", "ca_cert = \"/ca.pem\"\nca_key = \"credential:ca.key\""), diagnostics);
  ASSERT_TRUE(config) << AllOf(diagnostics);
  EXPECT_EQ(config->x509.ca_files->key, "credential:ca.key");
  ::unsetenv("CREDENTIALS_DIRECTORY");
  const auto nowhere = PathOfFile(config->x509.ca_files->key);
  ASSERT_FALSE(nowhere);
  EXPECT_THAT(nowhere.error().Text(), testing::HasSubstr("LoadCredential=ca.key:"));
  ::setenv("CREDENTIALS_DIRECTORY", "/run/credentials/suretyd.service", 1);
  EXPECT_EQ(*PathOfFile(config->x509.ca_files->key), "/run/credentials/suretyd.service/ca.key");
  EXPECT_EQ(*PathOfFile("/ca.pem"), "/ca.pem");
  ::unsetenv("CREDENTIALS_DIRECTORY");
}

TEST(ConfigValuesTest, LimitsAreWholeNumbersAndSpans) {
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

TEST(ConfigValuesTest, SizesHaveAUnit) {
  for (const std::string wrong : {"512", "0B", "512MB", "512 MiB", "-1B", "MiB", "1025GiB",
                                  "99999999999999999999B", "1.5GiB"})
    ExpectEach({{In("attestors.unix", "sha256_max_size = \"" + wrong + "\""),
                 {3, 19},
                 "is not a size",
                 "\"512MiB\""}},
               Severity::kError);
}

TEST(ConfigValuesTest, LevelsAndFormatsAreNames) {
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

}  // namespace
}  // namespace surety
