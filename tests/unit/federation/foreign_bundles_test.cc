#include "agent/federation/foreign_bundles.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "agent/federation/bundle_map.h"
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

class MappedBundles : public ForeignBundlesTest {
 protected:
  Result<ForeignBundles::MapOutcome> Take(const std::map<std::string, std::string>& documents) {
    return TakeInto(*bundles_, documents);
  }
  static Result<ForeignBundles::MapOutcome> TakeInto(
      ForeignBundles& bundles, const std::map<std::string, std::string>& documents) {
    const auto text = WriteBundleMap(documents);
    EXPECT_TRUE(text) << text.error().Text();
    auto map = ReadBundleMap(ExampleOrg(), *text);
    EXPECT_TRUE(map) << map.error().Text();
    return bundles.TakeMap(std::move(map->bundles));
  }
};

TEST_F(MappedBundles, BN6_AMapTakesThePlaceOfTheOneBefore) {
  const auto first = Take({{"a.org", document_}, {"b.org", document_}});
  ASSERT_TRUE(first);
  EXPECT_THAT(first->added, ElementsAre("a.org", "b.org"));
  const auto second = Take({{"b.org", DocumentOf(Json::array(), 6)}, {"c.org", document_}});
  ASSERT_TRUE(second);
  EXPECT_THAT(second->added, ElementsAre("c.org"));
  EXPECT_THAT(second->changed, ElementsAre("b.org"));
  EXPECT_THAT(second->withdrawn, ElementsAre("a.org"));
  EXPECT_THAT(second->warnings, ElementsAre(HasSubstr("the bundle of b.org: it has no usable")));
  EXPECT_FALSE(bundles_->Current()->Find("a.org"));
  EXPECT_TRUE(bundles_->Current()->Find("c.org"));
  EXPECT_EQ(changes_, 2);
}

TEST_F(MappedBundles, TheSameMapAgainIsNoChange) {
  ASSERT_TRUE(Take({{"a.org", document_}}));
  const auto again = Take({{"a.org", DocumentOf(Json::array({AuthorityJwk(authority_)}), 6)}});
  ASSERT_TRUE(again);
  EXPECT_THAT(again->changed, IsEmpty());
  EXPECT_EQ(bundles_->Current()->Find("a.org")->sequence, 6U);
  EXPECT_EQ(changes_, 1);
}

TEST_F(MappedBundles, WhatWasSetIsDeletedForGoodWhenTheMapHasIt) {
  Set(document_);
  temp_.Write("state/bundles/b.org.json", "{");
  Reopen();
  ASSERT_FALSE(bundles_->Degraded().empty());
  const auto taken = Take({{"other.org", document_}, {"b.org", document_}});
  ASSERT_TRUE(taken);
  EXPECT_THAT(taken->warnings, ElementsAre(HasSubstr("other.org that was set is deleted")));
  EXPECT_THAT(bundles_->Degraded(), IsEmpty());
  EXPECT_THAT(Take({})->withdrawn, ElementsAre("b.org", "other.org"));
  Reopen();
  EXPECT_THAT(bundles_->Current()->by_name, IsEmpty());
}

TEST_F(MappedBundles, WhatIsSetAndNotInTheMapStays) {
  Set(document_);
  ASSERT_TRUE(Take({{"a.org", document_}}));
  ASSERT_TRUE(Take({}));
  EXPECT_TRUE(Held());
}

TEST_F(MappedBundles, NobodyElseSetsOrDeletesWhatTheMapHas) {
  ASSERT_TRUE(Take({{"other.org", document_}}));
  for (const From from : {From::kOperator, From::kEndpoint})
    EXPECT_THAT(bundles_->Set(OtherOrg(), document_, from).error().Text(),
                HasSubstr("comes from the bundle map"));
  const auto deleted = bundles_->Delete(OtherOrg());
  ASSERT_FALSE(deleted);
  EXPECT_EQ(deleted.error().code(), ErrorCode::kNotFound);
  EXPECT_THAT(deleted.error().Text(), HasSubstr("take it out there"));
  EXPECT_TRUE(Held());
}

TEST_F(MappedBundles, OneTooManyChangesNothing) {
  Set(document_);
  std::map<std::string, std::string> many;
  for (std::size_t number = 0; number < kMostForeignBundles; ++number)
    many.emplace("n" + std::to_string(number), R"({"keys":[]})");
  const auto taken = Take(many);
  ASSERT_FALSE(taken);
  EXPECT_EQ(taken.error().code(), ErrorCode::kResourceExhausted);
  EXPECT_EQ(bundles_->Current()->by_name.size(), 1U);
}

TEST_F(MappedBundles, WhatTheDiskRefusesChangesNothing) {
  constexpr int kOperationsOfSet = 5;
  FailingDisk disk(kOperationsOfSet + 1, FailingDisk::Fault::kFail);
  auto opened = ForeignBundles::Open(
      temp_.Path("failing"), ExampleOrg(), [] {}, disk);
  ASSERT_TRUE(opened);
  ASSERT_TRUE((*opened)->Set(OtherOrg(), document_, From::kOperator));
  const auto before = (*opened)->Current();
  EXPECT_FALSE(TakeInto(**opened, {{"other.org", R"({"keys":[]})"}, {"a.org", document_}}));
  EXPECT_EQ((*opened)->Current(), before);
}

}  // namespace
}  // namespace surety
