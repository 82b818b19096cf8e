// [sds].

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>

#include "agent/config.h"
#include "tests/unit/identity/diagnostic_cases.h"

namespace surety {
namespace {

using ::testing::HasSubstr;

std::optional<Config> Parse(const std::string& lines, Diagnostics& diagnostics) {
  const AccountIds nobody{[](const std::string&) { return std::nullopt; },
                          [](const std::string&) { return std::nullopt; }};
  return ParseConfig("f.toml", "trust_domain = \"example.org\"\n" + lines, {}, nobody, diagnostics);
}

TEST(ConfigSdsTest, TheNamesAreThoseOfSpireUnlessTheyAreSet) {
  Diagnostics diagnostics;
  const auto plain = Parse("", diagnostics);
  ASSERT_TRUE(plain) << AllOf(diagnostics);
  EXPECT_EQ(plain->sds.default_svid_name, "default");
  EXPECT_EQ(plain->sds.default_bundle_name, "ROOTCA");
  EXPECT_EQ(plain->sds.default_all_bundles_name, "ALL");
  const auto set = Parse(
      "[sds]\ndefault_svid_name = \"me\"\ndefault_bundle_name = \"my-ca\"\n"
      "default_all_bundles_name = \"every.ca\"",
      diagnostics);
  ASSERT_TRUE(set) << AllOf(diagnostics);
  EXPECT_EQ(set->sds.default_svid_name, "me");
  EXPECT_EQ(set->sds.default_bundle_name, "my-ca");
  EXPECT_EQ(set->sds.default_all_bundles_name, "every.ca");
}

TEST(ConfigSdsTest, ANameIsNoSpiffeIdAndNoNameOfTwo) {
  for (const std::string line :
       {"default_svid_name = \"spiffe://example.org/web\"", "default_bundle_name = \"\"",
        "default_svid_name = \"ROOTCA\"", "default_all_bundles_name = \"default\"",
        "default_name = \"x\""}) {
    Diagnostics diagnostics;
    EXPECT_FALSE(Parse("[sds]\n" + line, diagnostics)) << line;
    EXPECT_EQ(diagnostics.errors(), 1U) << line;
  }
  Diagnostics diagnostics;
  EXPECT_FALSE(
      Parse("[sds]\ndefault_bundle_name = \"" + std::string(256, 'x') + "\"", diagnostics));
  EXPECT_THAT(AllOf(diagnostics), HasSubstr("1 to 255"));
}

}  // namespace
}  // namespace surety
