#include "agent/federation/federated_bundles.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/federation/made_bundles.h"
#include "tests/unit/issuance/issuance_support.h"

namespace surety {
namespace {

using Json = nlohmann::json;
using ::testing::ElementsAre;
using ::testing::Key;
using ::testing::Pair;

class FederatedBundlesTest : public testing::Test {
 protected:
  FederatedBundlesTest() {
    Set("one.org", DocumentOf(Json::array({AuthorityJwk(authority_), TokenJwk()})));
    Set("two.org", DocumentOf(Json::array({AuthorityJwk(MadeAuthority())})));
  }
  static Json TokenJwk() { return Json::parse(MadeTokenKey()->jwk()); }
  static TrustDomain Named(std::string_view name) { return *TrustDomain::Parse(name); }
  void Set(std::string_view name, const std::string& document) {
    ASSERT_TRUE(held_->Set(Named(name), document, ForeignBundles::From::kOperator));
  }
  auto X509(const TrustDomains& others) const { return federation_.Add(others, own_); }
  auto Tokens(const TrustDomains& others) const { return federation_.Add(others, own_tokens_); }

  const std::string authority_ = MadeAuthority();
  TempFolder temp_;
  const std::unique_ptr<ForeignBundles> held_ =
      *ForeignBundles::Open(temp_.Path("state"), ExampleOrg(), [] {});
  const FederatedBundles federation_{*held_};
  std::shared_ptr<const BundleSet> own_ =
      std::make_shared<const BundleSet>(BundleSet{.revision = 4,
                                                  .edition = 9,
                                                  .trust_domain = ExampleOrg(),
                                                  .x509_authorities = {"own"},
                                                  .federated = {},
                                                  .crls = {"crl"}});
  std::shared_ptr<const TokenBundles> own_tokens_ = std::make_shared<const TokenBundles>(
      TokenBundles{.revision = 3, .jwk_sets = {{"example.org", "own"}}});
  const TrustDomain one_ = Named("one.org");
  const TrustDomain two_ = Named("two.org");
};

TEST_F(FederatedBundlesTest, PutsEachUnderItsOwnNameAndNoneIntoOurs) {
  const auto set = X509({one_, two_});
  EXPECT_THAT(set->federated,
              ElementsAre(Pair("one.org", ElementsAre(authority_)), Key("two.org")));
  EXPECT_THAT(set->x509_authorities, ElementsAre("own"));
  EXPECT_THAT(set->crls, ElementsAre("crl"));
  EXPECT_NE(set->edition, own_->edition);
}

TEST_F(FederatedBundlesTest, GivesOnlyWhatIsAskedFor) {
  EXPECT_THAT(X509({one_})->federated, ElementsAre(Key("one.org")));
  EXPECT_EQ(X509({Named("three.org")}), own_);
}

TEST_F(FederatedBundlesTest, WhoHasNoKeysOfAKindIsAbsentThere) {
  EXPECT_THAT(Tokens({one_, two_})->jwk_sets, ElementsAre(Key("example.org"), Key("one.org")));
  EXPECT_EQ(Tokens({two_}), own_tokens_);
}

TEST_F(FederatedBundlesTest, BN1_WhoRevokedAllIsAbsent) {
  Set("one.org", R"({"keys":[]})");
  EXPECT_EQ(X509({one_}), own_);
  EXPECT_EQ(Tokens({one_}), own_tokens_);
}

TEST_F(FederatedBundlesTest, ForTheSameItIsTheSameObject) {
  const auto x509 = X509({one_});
  const auto tokens = Tokens({one_});
  EXPECT_EQ(X509({one_}), x509);
  EXPECT_EQ(Tokens({one_}), tokens);
  Set("two.org", DocumentOf(Json::array()));
  EXPECT_EQ(X509({one_}), x509) << "another's bundle changed";
  Set("one.org", DocumentOf(Json::parse(held_->Current()->Find("one.org")->document)["keys"], 7));
  EXPECT_EQ(X509({one_}), x509) << "nothing but its sequence changed";
}

TEST_F(FederatedBundlesTest, AChangeIsAnotherObjectOfAnotherEdition) {
  const auto before = X509({one_});
  Set("one.org", DocumentOf(Json::array({AuthorityJwk(MadeAuthority())})));
  const auto after = X509({one_});
  EXPECT_NE(after->federated, before->federated);
  EXPECT_NE(after->edition, before->edition);
  own_ = std::make_shared<const BundleSet>(*own_);
  EXPECT_NE(X509({one_})->edition, after->edition);
}

TEST_F(FederatedBundlesTest, WhatIsDeletedIsGone) {
  const auto before = X509({one_, two_});
  ASSERT_TRUE(held_->Delete(one_));
  EXPECT_THAT(X509({one_, two_})->federated, ElementsAre(Key("two.org")));
}

}  // namespace
}  // namespace surety
