// CONFORMANCE row BN6: bundle maps as we read and write them.
#include "agent/federation/bundle_map.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/federation/made_bundles.h"
#include "tests/unit/issuance/issuance_support.h"

namespace surety {
namespace {

using Json = nlohmann::json;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr const char* kNoKeys = R"({"keys":[]})";

std::string MapOf(const std::string& members) { return R"({"trust_domains":{)" + members + "}}"; }

std::string Member(const std::string& name, const std::string& document) {
  return "\"" + name + "\":" + document;
}

std::string WhyNoMap(const std::string& text) {
  const auto map = ReadBundleMap(ExampleOrg(), text);
  EXPECT_FALSE(map) << text.substr(0, 100);
  return map ? "it was taken" : map.error().Text();
}

TEST(BundleMap, BN6_ReadsEveryBundleAsThatOfItsTrustDomain) {
  const std::string authority = MadeAuthority();
  const auto map = ReadBundleMap(
      ExampleOrg(),
      MapOf(Member("other.org", DocumentOf(Json::array({AuthorityJwk(authority)}), 5)) + "," +
            Member("a.org", kNoKeys)));
  ASSERT_TRUE(map) << map.error().Text();
  ASSERT_EQ(map->bundles.size(), 2U);
  EXPECT_EQ(map->bundles[0].trust_domain.name(), "a.org");
  EXPECT_THAT(map->bundles[0].x509_authorities, IsEmpty());
  EXPECT_EQ(map->bundles[1].trust_domain, OtherOrg());
  EXPECT_THAT(map->bundles[1].x509_authorities, ElementsAre(authority));
  EXPECT_EQ(map->bundles[1].sequence, 5U);
  EXPECT_TRUE(map->bundles[1].in_map);
  EXPECT_FALSE(map->has_own);
}

TEST(BundleMap, BN6_TrustDomainsMayBeEmptyAndMustBeThere) {
  const auto empty = ReadBundleMap(ExampleOrg(), R"({"trust_domains":{},"more":[1]})");
  ASSERT_TRUE(empty);
  EXPECT_THAT(empty->bundles, IsEmpty());
  for (const char* none : {"{}", R"({"trust_domains":[]})", R"({"trust_domains":null})", kNoKeys})
    EXPECT_THAT(WhyNoMap(none), HasSubstr("no object \"trust_domains\""));
}

TEST(BundleMap, BN6_ATrustDomainThatStandsTwiceIsNamed) {
  const std::string first = Member("other.org", kNoKeys) + ",";
  for (const char* again : {"other.org", R"(oth\u0065r.org)"})
    EXPECT_THAT(WhyNoMap(MapOf(first + Member(again, kNoKeys))),
                HasSubstr("the name \"other.org\" stands twice"));
}

TEST(BundleMap, BN6_OneBadBundleSpoilsTheMapAndIsNamed) {
  const std::string good = Member("a.org", kNoKeys) + ",";
  for (const char* bad : {"{}", R"({"keys":{}})", R"({"keys":[],"spiffe_sequence":-1})"})
    EXPECT_THAT(WhyNoMap(MapOf(good + Member("other.org", bad))),
                HasSubstr("the bundle of other.org: the bundle document"));
  EXPECT_THAT(WhyNoMap(MapOf(good + Member("other.org", "[]"))),
              HasSubstr("the bundle of other.org is not an object"));
}

TEST(BundleMap, BN6_ANameIsABareTrustDomain) {
  for (const char* name : {"", "Other.org", "spiffe://other.org", "other.org/", R"(o\u001b.org)"})
    EXPECT_THAT(
        WhyNoMap(MapOf(Member(name, kNoKeys))),
        AllOf(HasSubstr("is no trust domain's bare name"), testing::Not(HasSubstr("\x1b"))));
}

TEST(BundleMap, OursIsReadAndLeftOut) {
  const auto map = ReadBundleMap(ExampleOrg(), MapOf(Member("example.org", kNoKeys)));
  ASSERT_TRUE(map);
  EXPECT_TRUE(map->has_own);
  EXPECT_THAT(map->bundles, IsEmpty());
  EXPECT_THAT(WhyNoMap(MapOf(Member("example.org", "{}"))), HasSubstr("example.org"));
}

TEST(BundleMap, WhatIsTooLargeIsNotRead) {
  const auto map = ReadBundleMap(ExampleOrg(), std::string(kMostBundleMapBytes + 1, ' '));
  ASSERT_FALSE(map);
  EXPECT_EQ(map.error().code(), ErrorCode::kResourceExhausted);
}

TEST(BundleMap, BN6_WhatIsWrittenIsReadAgainAndHasNoRefreshHints) {
  const std::string authority = MadeAuthority();
  const auto text = WriteBundleMap(
      {{"example.org", R"({"keys":[],"spiffe_refresh_hint":7})"},
       {"other.org", DocumentOf(Json::array({AuthorityJwk(authority)}), UINT64_MAX)}});
  ASSERT_TRUE(text) << text.error().Text();
  EXPECT_THAT(*text, testing::Not(HasSubstr("refresh_hint")));
  const auto map = ReadBundleMap(ExampleOrg(), *text);
  ASSERT_TRUE(map);
  EXPECT_TRUE(map->has_own);
  ASSERT_EQ(map->bundles.size(), 1U);
  EXPECT_THAT(map->bundles[0].x509_authorities, ElementsAre(authority));
  EXPECT_EQ(map->bundles[0].sequence, UINT64_MAX);
}

TEST(BundleMap, WhatCannotBeReadAgainIsNotWritten) {
  for (const char* document : {"", "[]", "{}", R"({"keys":[],"keys":[]})"}) {
    const auto text = WriteBundleMap({{"other.org", document}});
    ASSERT_FALSE(text) << document;
    EXPECT_EQ(text.error().code(), ErrorCode::kDataLoss);
  }
}

}  // namespace
}  // namespace surety
