// The keys of [x509] that concern revocation lists.

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

#include "agent/config.h"
#include "tests/unit/identity/diagnostic_cases.h"

namespace surety {
namespace {

std::optional<Config> Parse(const std::string& text, Diagnostics& diagnostics) {
  const AccountIds nobody{[](const std::string&) { return std::nullopt; },
                          [](const std::string&) { return std::nullopt; }};
  return ParseConfig("f.toml", text, {}, nobody, diagnostics);
}

void ExpectEach(const std::vector<DiagnosticCase>& cases) {
  for (const auto& each : cases) {
    Diagnostics diagnostics;
    EXPECT_FALSE(Parse(each.text, diagnostics)) << each.text;
    ExpectOne(each, Severity::kError, diagnostics);
  }
}

std::string With(const std::string& lines) {
  return "trust_domain = \"example.org\"\n" + lines + "\n";
}
std::string In(const std::string& section, const std::string& lines) {
  return With("[" + section + "]\n" + lines);
}

TEST(ConfigCrlTest, CrlsAreValidForASensibleTime) {
  ExpectEach({
      {In("x509", "crl_validity = \"59s\""),
       {3, 16},
       "crl_validity is shorter than 1m",
       "1m to 7d"},
      {In("x509", "crl_validity = \"8d\""), {3, 16}, "crl_validity is longer than 7d", "1m to"},
      {In("x509", "crl_validity = 3600"), {3, 16}, "is an integer, not a string", "\"1h\""},
  });
}

TEST(ConfigCrlTest, CrlFileIsAPathOfItsOwn) {
  const std::string ca = "ca_cert = \"/etc/ca.pem\"\nca_key = \"/etc/ca.key\"\n";
  ExpectEach({
      {In("x509", "crl_file = \"crl.pem\""), {3, 12}, "crl_file \"crl.pem\" is not an", "\"/\""},
      {In("x509", "crl_file = \"\""), {3, 12}, "not an absolute path", "\"/\""},
      {In("x509", "crl_file = \"/run/surety/\""), {3, 12}, "names a folder", "crl.pem"},
      {In("x509", ca + "crl_file = \"/etc/x/../ca.pem\""), {5, 12}, "is ca_cert as well", "own"},
      {In("x509", ca + "crl_file = \"/etc//ca.key\""), {5, 12}, "is ca_key as well", "own"},
      {In("x509", "crl_file = \"/run/surety/workload.sock\""),
       {3, 12},
       "is the socket of [workload_api] as well",
       "own"},
      {In("x509", "crl_file = \"/run/surety/admin.sock\""),
       {3, 12},
       "the socket of [admin]",
       "own"},
      {In("x509", "crl_file = \"/var/lib/surety/crl.pem\""), {3, 12}, "is in state_dir", "own"},
      {With("state_dir = \"/s/\"\nx509.crl_file = \"/s/a/crl.pem\""),
       {3, 17},
       "in state_dir",
       "own"},
  });
  Diagnostics diagnostics;
  ASSERT_TRUE(Parse(With("state_dir = \"/s\"\nx509.crl_file = \"/state/crl.pem\""), diagnostics));
  EXPECT_EQ(AllOf(diagnostics), "");
}

}  // namespace
}  // namespace surety
