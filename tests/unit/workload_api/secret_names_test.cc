#include "workload_api/secret_names.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace surety {
namespace {

using Kind = WantedSecret::Kind;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

Result<SecretDemand> Read(const std::vector<std::string>& names, const SecretNames& known = {}) {
  return ReadSecretDemand(names, known);
}

TEST(SecretNamesTest, TellsSvidsFromBundlesByTheirNames) {
  const auto demand =
      Read({"spiffe://example.org/web", "default", "spiffe://example.org", "ROOTCA", "ALL"});
  ASSERT_TRUE(demand);
  EXPECT_THAT(demand->wanted, ElementsAre(WantedSecret{"ALL", Kind::kOwnBundle},
                                          WantedSecret{"ROOTCA", Kind::kOwnBundle},
                                          WantedSecret{"default", Kind::kDefaultSvid},
                                          WantedSecret{"spiffe://example.org", Kind::kBundle},
                                          WantedSecret{"spiffe://example.org/web", Kind::kSvid}));
}

TEST(SecretNamesTest, OrderRepetitionAndEmptyNamesSayNothing) {
  EXPECT_EQ(*Read({"default", "", "ROOTCA", "default"}), *Read({"ROOTCA", "default"}));
  EXPECT_TRUE(Read({""})->wanted.empty());
}

TEST(SecretNamesTest, BundlesAloneDoNotAskForSvids) {
  EXPECT_FALSE(Read({"ROOTCA", "spiffe://example.org"})->WantsSvids());
  EXPECT_TRUE(Read({"ROOTCA", "spiffe://example.org/web"})->WantsSvids());
  EXPECT_TRUE(Read({"default"})->WantsSvids());
  EXPECT_TRUE(Read({})->WantsSvids()) << "no name asks for all there are";
}

TEST(SecretNamesTest, TheNamesWithoutASpiffeIdAreTheOperators) {
  const SecretNames other{.default_svid = "me", .default_bundle = "ca", .all_bundles = "every"};
  EXPECT_EQ(Read({"me"}, other)->wanted.front().kind, Kind::kDefaultSvid);
  EXPECT_EQ(Read({"every"}, other)->wanted.front().kind, Kind::kOwnBundle);
  const auto unknown = Read({"default"}, other);
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().code(), ErrorCode::kInvalidArgument);
  EXPECT_THAT(unknown.error().Text(), HasSubstr("none of \"me\", \"ca\" and \"every\""));
}

TEST(SecretNamesTest, NamesAreBoundedInNumberAndLength) {
  EXPECT_TRUE(Read(std::vector<std::string>(kMostSecretNames, "default")));
  EXPECT_FALSE(Read(std::vector<std::string>(kMostSecretNames + 1, "default")));
  const std::string longest =
      "spiffe://a/" + std::string(kLongestSecretName - std::string("spiffe://a/").size(), 'b');
  EXPECT_TRUE(Read({longest}));
  const auto longer = Read({longest + "b"});
  ASSERT_FALSE(longer);
  EXPECT_THAT(longer.error().Text(), HasSubstr("2049 bytes"));
}

TEST(SecretNamesTest, AnErrorNamesNothingThatCouldDisturbATerminal) {
  const auto wrong = Read({"\x1b[2J\n" + std::string(500, 'x')});
  ASSERT_FALSE(wrong);
  EXPECT_THAT(wrong.error().Text(), HasSubstr("\"?[2J?xxx"));
  EXPECT_LT(wrong.error().Text().size(), 400U);
}

}  // namespace
}  // namespace surety
