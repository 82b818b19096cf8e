// Bundles of other trust domains: what a process gets of them is what its entries name.

#include "tests/flow/session_fixture.h"

namespace surety {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Key;
using ::testing::Pair;
using ::testing::SizeIs;

class FederationTest : public SessionTest {
 protected:
  FederationTest() { federation_.held = {{"one.org", "1"}, {"two.org", "2"}}; }

  static TrustDomains Named(const std::vector<std::string>& names) {
    TrustDomains all;
    for (const std::string& name : names) all.push_back(*TrustDomain::Parse(name));
    return all;
  }
  void Federate(std::size_t which, const std::vector<std::string>& names) {
    auto entry = *entries_.entries.at(which);
    entry.federates_with = Named(names);
    entries_.entries.at(which) = std::make_shared<Entry>(std::move(entry));
  }
  auto SvidFederated() {
    const auto turn = Turn();
    EXPECT_TRUE(turn && turn->svid_update);
    return turn->svid_update->bundles->federated;
  }
  Session::Turn BundleTurn() {
    auto turn = session_.Step(now_, {.bundles = true});
    EXPECT_TRUE(turn && turn->bundle_update);
    return *std::move(turn);
  }
  auto BundlesFederated() { return BundleTurn().bundle_update->federated; }
};

TEST_F(FederationTest, WhoNamesNoneGetsOurOwnBundlesAsTheyAre) {
  EXPECT_EQ(Turn()->svid_update->bundles, bundles_.bundles);
  const auto turn = BundleTurn();
  EXPECT_EQ(turn.bundle_update, bundles_.bundles);
  EXPECT_EQ(turn.token_bundle_update, tokens_.Bundles());
}

TEST_F(FederationTest, XP7_EveryKindOfStreamGetsThoseThatTheEntryNames) {
  Federate(0, {"one.org"});
  EXPECT_THAT(SvidFederated(), ElementsAre(Pair("one.org", ElementsAre("1"))));
  const auto turn = BundleTurn();
  EXPECT_THAT(turn.bundle_update->federated, ElementsAre(Key("one.org")));
  EXPECT_EQ(turn.token_bundle_update->jwk_sets.at("one.org"), "1");
  EXPECT_FALSE(turn.token_bundle_update->jwk_sets.contains("two.org"));
}

TEST_F(FederationTest, WhatIsNotHeldIsAbsent) {
  Federate(0, {"none.org", "two.org"});
  EXPECT_THAT(SvidFederated(), ElementsAre(Key("two.org")));
}

TEST_F(FederationTest, SeveralEntriesTogetherNameAll) {
  AddEntry("spare", {{"unix", "uid:1001"}});
  Federate(0, {"one.org"});
  Federate(1, {"one.org", "two.org"});
  EXPECT_THAT(SvidFederated(), ElementsAre(Key("one.org"), Key("two.org")));
  EXPECT_THAT(BundlesFederated(), ElementsAre(Key("one.org"), Key("two.org")));
}

TEST_F(FederationTest, AnEntryThatIsRefusedBringsNone) {
  AddEntry("spare", {{"unix", "uid:1001"}});
  Federate(0, {"one.org"});
  Federate(1, {"two.org"});
  policy_.answers["spare"] = Answer(Verdict::kRefuse, "not today");
  EXPECT_THAT(SvidFederated(), ElementsAre(Key("one.org")));
  EXPECT_THAT(BundlesFederated(), ElementsAre(Key("one.org")));
}

TEST_F(FederationTest, AnotherListIsSentWithTheSameSvid) {
  const auto before = Serials();
  Federate(0, {"one.org"});
  const auto turn = Turn();
  EXPECT_EQ(turn->svid_update->svids.front()->serial, before.front());
  EXPECT_THAT(turn->svid_update->bundles->federated, SizeIs(1));
  Federate(0, {});
  EXPECT_THAT(SvidFederated(), IsEmpty());
}

TEST_F(FederationTest, NothingNewIsTheSameObject) {
  Federate(0, {"one.org"});
  const auto first = Turn();
  const auto second = Turn();
  EXPECT_EQ(first->svid_update, second->svid_update);
}

TEST_F(FederationTest, F9_WhatIsWithdrawnGoesAlsoWhileNothingElseCanBeTold) {
  Federate(0, {"one.org"});
  EXPECT_THAT(SvidFederated(), SizeIs(1));
  EXPECT_THAT(BundlesFederated(), SizeIs(1));
  policy_.answers["web"] = Answer(Verdict::kUndecided, "the disk is slow");
  EXPECT_THAT(SvidFederated(), SizeIs(1));
  EXPECT_THAT(BundlesFederated(), SizeIs(1));
  federation_.held.clear();
  EXPECT_THAT(SvidFederated(), IsEmpty());
  EXPECT_THAT(BundlesFederated(), IsEmpty());
}

TEST_F(FederationTest, AnEntryThatWaitsForAFactKeepsItsBundles) {
  AddEntry("spare", {{"unix", "uid:1001"}});
  Federate(0, {"one.org"});
  Federate(1, {"two.org"});
  EXPECT_THAT(BundlesFederated(), SizeIs(2));
  policy_.answers["spare"] = Answer(Verdict::kUndecided, "a fact is missing");
  EXPECT_THAT(BundlesFederated(), SizeIs(2));
  policy_.answers["spare"] = Answer(Verdict::kRefuse, "not any more");
  EXPECT_THAT(BundlesFederated(), ElementsAre(Key("one.org")));
}

TEST_F(FederationTest, WhoWasRefusedHasNothingLeftToKeep) {
  Federate(0, {"one.org"});
  EXPECT_THAT(BundlesFederated(), SizeIs(1));
  policy_.answers["web"] = Answer(Verdict::kRefuse, "no");
  ASSERT_TRUE(session_.Step(now_, {.bundles = true}));
  policy_.answers["web"] = Answer(Verdict::kUndecided, "the disk is slow");
  EXPECT_THAT(BundlesFederated(), IsEmpty());
}

}  // namespace
}  // namespace surety
