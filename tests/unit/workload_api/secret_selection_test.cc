#include "workload_api/secret_selection.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace surety {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::shared_ptr<const X509Svid> Svid(const std::string& path, const std::string& certificate) {
  return std::make_shared<const X509Svid>(
      X509Svid{.id = *SpiffeId::Parse("spiffe://example.org/" + path),
               .hint = {},
               .serial = {},
               .issuer_key_id = {},
               .chain_der = {certificate},
               .key_der = {},
               .not_before = {},
               .not_after = {}});
}

BundleSet Bundles() {
  return {.revision = 1,
          .edition = 1,
          .trust_domain = *TrustDomain::Parse("example.org"),
          .x509_authorities = {"root"},
          .federated = {{"other.org", {"other root"}}},
          .crls = {"crl"}};
}

class SecretSelectionTest : public ::testing::Test {
 protected:
  Result<ChosenSecrets> Choose(const std::vector<std::string>& names) const {
    return ChooseSecrets(*ReadSecretDemand(names, {}), svids_, bundles_);
  }
  std::vector<std::string> NamesOf(const std::vector<std::string>& names) const {
    std::vector<std::string> chosen;
    const auto secrets = Choose(names);
    for (const ChosenSecret& one : secrets->secrets) chosen.push_back(one.name);
    return chosen;
  }

  std::vector<std::shared_ptr<const X509Svid>> svids_{Svid("web", "web 1"), Svid("api", "api 1")};
  std::shared_ptr<const BundleSet> bundles_ = std::make_shared<const BundleSet>(Bundles());
};

TEST_F(SecretSelectionTest, ASpiffeIdIsTheSvidOfThatName) {
  const auto chosen = Choose({"spiffe://example.org/api"});
  ASSERT_EQ(chosen->secrets.size(), 1U);
  EXPECT_EQ(chosen->secrets[0].svid, svids_[1]);
  EXPECT_EQ(chosen->secrets[0].bundles, nullptr);
}

TEST_F(SecretSelectionTest, TheDefaultIsTheFirstSvidUnderTheNameThatWasAsked) {
  const auto chosen = Choose({"default"});
  ASSERT_EQ(chosen->secrets.size(), 1U);
  EXPECT_EQ(chosen->secrets[0].name, "default");
  EXPECT_EQ(chosen->secrets[0].svid, svids_[0]);
}

TEST_F(SecretSelectionTest, OurOwnBundleComesWithItsCrlUnderEachOfItsNames) {
  const auto chosen = Choose({"ROOTCA", "ALL", "spiffe://example.org"});
  ASSERT_EQ(chosen->secrets.size(), 3U);
  for (const ChosenSecret& one : chosen->secrets) {
    EXPECT_EQ(one.svid, nullptr);
    EXPECT_THAT(one.authorities(), ElementsAre("root")) << "never with another domain's";
    EXPECT_THAT(one.crls(), ElementsAre("crl"));
  }
}

TEST_F(SecretSelectionTest, AnotherTrustDomainsBundleIsItsOwnAndHasNoCrlOfOurs) {
  const auto chosen = Choose({"spiffe://other.org"});
  ASSERT_EQ(chosen->secrets.size(), 1U);
  EXPECT_THAT(chosen->secrets[0].authorities(), ElementsAre("other root"));
  EXPECT_THAT(chosen->secrets[0].crls(), IsEmpty());
}

TEST_F(SecretSelectionTest, NoNameIsAllThereIs) {
  EXPECT_THAT(NamesOf({}), ElementsAre("spiffe://example.org", "spiffe://other.org",
                                       "spiffe://example.org/web", "spiffe://example.org/api"));
}

TEST_F(SecretSelectionTest, TwoSvidsOfOneIdAreOneSecret) {
  svids_ = {Svid("web", "first"), Svid("web", "second")};
  const auto chosen = Choose({});
  ASSERT_EQ(chosen->secrets.size(), 3U);
  EXPECT_EQ(chosen->secrets[2].svid, svids_[0]);
}

TEST_F(SecretSelectionTest, WhatTheCallerHasNoRightToLeavesItWithNothing) {
  for (const std::string name : {"spiffe://example.org/db", "spiffe://third.org",
                                 "spiffe://other.org/web", "spiffe://example.org/we"}) {
    const auto chosen = Choose({"default", name});
    ASSERT_FALSE(chosen) << name;
    EXPECT_EQ(chosen.error().code(), ErrorCode::kInvalidArgument);
    EXPECT_THAT(chosen.error().Text(), HasSubstr("\"" + name + "\""));
  }
  svids_.clear();
  EXPECT_FALSE(Choose({"default"}));
}

TEST_F(SecretSelectionTest, SameContentIsEqualWhateverItComesFrom) {
  const auto before = *Choose({"spiffe://example.org/web", "ROOTCA"});
  svids_[0] = Svid("web", "web 1");
  bundles_ = std::make_shared<const BundleSet>(Bundles());
  EXPECT_EQ(*Choose({"spiffe://example.org/web", "ROOTCA"}), before);
  EXPECT_EQ(Choose({"spiffe://example.org/web", "ROOTCA"})->Version(), before.Version());
}

TEST_F(SecretSelectionTest, ANewCrlChangesOnlyTheContextsThatCarryIt) {
  const auto svid = *Choose({"spiffe://example.org/web"});
  const auto foreign = *Choose({"spiffe://other.org"});
  const auto own = *Choose({"ROOTCA"});
  BundleSet next = Bundles();
  next.crls = {"newer crl"};
  bundles_ = std::make_shared<const BundleSet>(std::move(next));
  EXPECT_EQ(*Choose({"spiffe://example.org/web"}), svid);
  EXPECT_EQ(*Choose({"spiffe://other.org"}), foreign);
  EXPECT_FALSE(*Choose({"ROOTCA"}) == own);
  EXPECT_NE(Choose({"ROOTCA"})->Version(), own.Version());
}

TEST_F(SecretSelectionTest, WhatToTrustIsNotToldWithoutTheCrlsThatThereAre) {
  BundleSet next = Bundles();
  next.crls.clear();
  next.crls_left_out = true;
  bundles_ = std::make_shared<const BundleSet>(std::move(next));
  const auto chosen = Choose({"ROOTCA"});
  ASSERT_FALSE(chosen);
  EXPECT_EQ(chosen.error().code(), ErrorCode::kUnavailable);
  EXPECT_TRUE(Choose({"default", "spiffe://other.org"})) << "which have none of them";
}

TEST_F(SecretSelectionTest, ANewCertificateIsANewVersion) {
  const auto before = *Choose({"default"});
  svids_[0] = Svid("web", "web 2");
  EXPECT_FALSE(*Choose({"default"}) == before);
  EXPECT_NE(Choose({"default"})->Version(), before.Version());
}

}  // namespace
}  // namespace surety
