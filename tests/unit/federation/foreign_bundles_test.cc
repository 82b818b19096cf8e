#include "agent/federation/foreign_bundles.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "tests/fakes/failing_disk.h"
#include "tests/unit/federation/made_bundles.h"
#include "tests/unit/issuance/issuance_support.h"

namespace surety {
namespace {

using Json = nlohmann::json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using From = ForeignBundles::From;

class ForeignBundlesTest : public testing::Test {
 protected:
  void SetUp() override { Reopen(); }
  void Reopen() {
    bundles_.reset();
    auto opened = ForeignBundles::Open(temp_.Path("state"), ExampleOrg(), [this] { ++changes_; });
    ASSERT_TRUE(opened) << opened.error().Text();
    bundles_ = *std::move(opened);
  }
  [[nodiscard]] std::shared_ptr<const ForeignBundle> Held() const {
    return bundles_->Current()->Find("other.org");
  }
  ForeignBundles::SetOutcome Set(const std::string& document, From from = From::kOperator) {
    auto outcome = bundles_->Set(OtherOrg(), document, from);
    EXPECT_TRUE(outcome) << outcome.error().Text();
    return outcome ? *outcome : ForeignBundles::SetOutcome{};
  }

  const std::string authority_ = MadeAuthority();
  const std::string document_ = DocumentOf(Json::array({AuthorityJwk(authority_)}), 5);
  TempFolder temp_;
  int changes_ = 0;
  std::unique_ptr<ForeignBundles> bundles_;
};

TEST_F(ForeignBundlesTest, WhatIsSetIsThereAlsoAfterARestart) {
  EXPECT_TRUE(Set(document_).changed);
  EXPECT_EQ(changes_, 1);
  Reopen();
  ASSERT_TRUE(Held());
  EXPECT_THAT(Held()->x509_authorities, ElementsAre(authority_));
  EXPECT_EQ(Held()->document, document_);
  struct stat found {};
  ASSERT_EQ(::stat(temp_.Path("state/bundles/other.org.json").c_str(), &found), 0);
  EXPECT_EQ(found.st_mode & 07777U, 0600U);
  ASSERT_EQ(::stat(temp_.Path("state/bundles").c_str(), &found), 0);
  EXPECT_EQ(found.st_mode & 07777U, 0700U);
}

TEST_F(ForeignBundlesTest, TheSameAgainIsNoChange) {
  Set(document_);
  const auto before = bundles_->Current();
  EXPECT_FALSE(Set(document_).changed);
  EXPECT_FALSE(Set(DocumentOf(Json::array({AuthorityJwk(authority_)}), 6)).changed);
  EXPECT_EQ(Held()->sequence, 6U);
  EXPECT_EQ(changes_, 1);
  EXPECT_GT(bundles_->Current()->revision, before->revision);
}

TEST_F(ForeignBundlesTest, WhatIsDeletedStaysAway) {
  Set(document_);
  ASSERT_TRUE(bundles_->Delete(OtherOrg()));
  EXPECT_FALSE(Held());
  EXPECT_EQ(changes_, 2);
  EXPECT_EQ(bundles_->Delete(OtherOrg()).error().code(), ErrorCode::kNotFound);
  Reopen();
  EXPECT_FALSE(Held());
}

TEST_F(ForeignBundlesTest, DeletingTakesNoOtherWhoseNameEndsTheSame) {
  Set(document_);
  ASSERT_TRUE(bundles_->Set(*TrustDomain::Parse("an.other.org"), document_, From::kOperator));
  ASSERT_TRUE(bundles_->Delete(OtherOrg()));
  EXPECT_TRUE(bundles_->Current()->Find("an.other.org"));
}

TEST_F(ForeignBundlesTest, RefusesOurOwnTrustDomain) {
  const auto outcome = bundles_->Set(ExampleOrg(), document_, From::kOperator);
  ASSERT_FALSE(outcome);
  EXPECT_THAT(outcome.error().Text(), HasSubstr("spiffe://example.org is our own"));
}

TEST_F(ForeignBundlesTest, RefusesANameThatFitsIntoNoFile) {
  const auto longest = TrustDomain::Parse(std::string(240, 'a'));
  EXPECT_TRUE(bundles_->Set(*longest, document_, From::kOperator));
  const auto longer = TrustDomain::Parse(std::string(241, 'a'));
  EXPECT_THAT(bundles_->Set(*longer, document_, From::kOperator).error().Text(), HasSubstr("240"));
}

TEST_F(ForeignBundlesTest, ABundleThatCannotBeReadLeavesTheOldOne) {
  Set(document_);
  EXPECT_FALSE(bundles_->Set(OtherOrg(), "{}", From::kOperator));
  EXPECT_THAT(Held()->x509_authorities, ElementsAre(authority_));
}

TEST_F(ForeignBundlesTest, AnOlderBundleOfAnEndpointIsRefused) {
  Set(document_);
  const auto outcome = bundles_->Set(OtherOrg(), DocumentOf(Json::array(), 4), From::kEndpoint);
  ASSERT_FALSE(outcome);
  EXPECT_THAT(outcome.error().Text(), HasSubstr("spiffe_sequence is 4"));
  EXPECT_THAT(Held()->x509_authorities, ElementsAre(authority_));
}

TEST_F(ForeignBundlesTest, AnOperatorsOlderBundleIsTakenWithAWarning) {
  Set(document_);
  const auto outcome = Set(DocumentOf(Json::array({AuthorityJwk(MadeAuthority())}), 4));
  EXPECT_TRUE(outcome.changed);
  EXPECT_THAT(outcome.warnings, ElementsAre(HasSubstr("older")));
}

TEST_F(ForeignBundlesTest, WarnsOfABundleThatTrustsNobody) {
  EXPECT_THAT(Set(R"({"keys":[]})").warnings, ElementsAre(HasSubstr("no usable key")));
}

TEST_F(ForeignBundlesTest, ADamagedFileMeansThatNothingOfThatTrustDomainIsTrusted) {
  Set(document_);
  WriteText(temp_.Path("state/bundles/other.org.json"), document_.substr(0, 50));
  Reopen();
  EXPECT_FALSE(Held());
  EXPECT_THAT(bundles_->Degraded(),
              ElementsAre(testing::AllOf(HasSubstr("state/bundles/other.org.json"),
                                         HasSubstr("nothing of spiffe://other.org is trusted"))));
  Set(document_);
  EXPECT_THAT(bundles_->Degraded(), IsEmpty());
  EXPECT_TRUE(Held());
}

TEST_F(ForeignBundlesTest, ADamagedFileCanBeDeleted) {
  const std::string path = temp_.Write("state/bundles/other.org.json", "{");
  Reopen();
  ASSERT_TRUE(bundles_->Delete(OtherOrg()));
  EXPECT_THAT(bundles_->Degraded(), IsEmpty());
  EXPECT_FALSE(std::filesystem::exists(path));
}

TEST_F(ForeignBundlesTest, AFileOfOurOwnTrustDomainIsNotUsed) {
  temp_.Write("state/bundles/example.org.json", document_);
  Reopen();
  EXPECT_THAT(bundles_->Current()->by_name, IsEmpty());
  EXPECT_THAT(bundles_->Degraded(), ElementsAre(HasSubstr("our own trust domain")));
}

TEST_F(ForeignBundlesTest, WhatTheDiskRefusesIsNotTrustedAndNothingIsDamaged) {
  constexpr int kOperations = 5;  // Create, write, sync, rename, sync the folder.
  for (int at = 1; at <= kOperations + 1; ++at) {
    const std::string state = temp_.Path("state" + std::to_string(at));
    FailingDisk disk(at, FailingDisk::Fault::kFail);
    auto opened = ForeignBundles::Open(
        state, ExampleOrg(), [] {}, disk);
    ASSERT_TRUE(opened);
    const bool set = (*opened)->Set(OtherOrg(), document_, From::kOperator).has_value();
    EXPECT_EQ(set, at > kOperations);
    EXPECT_EQ((*opened)->Current()->Find("other.org") != nullptr, set) << at;
    opened->reset();
    opened = ForeignBundles::Open(state, ExampleOrg(), [] {});
    ASSERT_TRUE(opened);
    EXPECT_THAT((*opened)->Degraded(), IsEmpty()) << at;
  }
}

}  // namespace
}  // namespace surety
