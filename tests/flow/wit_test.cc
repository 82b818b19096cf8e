// WIT-SVIDs: asked for as tokens are, held and renewed as SVIDs are.

#include "tests/flow/session_fixture.h"

namespace surety {
namespace {

using std::chrono::seconds;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class WitTest : public WalkTest {
 protected:
  WitTest() : session_(PartsWithWits(), rules_, peer_) {}

  WalkParts PartsWithWits() {
    WalkParts all = parts();
    all.wits = &wits_;
    return all;
  }
  Result<Session::Turn> Ask(std::vector<Session::WitAsk> asks, bool svids = false) {
    return session_.Step(now_, {.svids = svids, .wits = asks});
  }
  Session::WitAnswer Answer(std::uint32_t newcomers = 0) {
    auto turn = Ask({{.newcomers = newcomers}});
    if (turn) next_ = turn->next;
    if (turn && turn->wits.size() == 1) return std::move(turn->wits.front());
    ADD_FAILURE() << "there is no answer";
    return {};
  }
  static std::vector<std::string> IdsOf(const Session::WitAnswer& answer) {
    std::vector<std::string> ids;
    if (answer.update)
      for (const auto& svid : answer.update->svids) ids.push_back(svid->token_id);
    return ids;
  }
  static SpiffeId Named(const std::string& name) {
    return *SpiffeId::Parse("spiffe://example.org/" + name);
  }

  fakes::CountingWits wits_;
  Session session_;
  std::optional<BootTime> next_;
};

TEST_F(WitTest, EachIdentityHasOneAndKeepsItUntilHalfOfItsLife) {
  AddEntry("spare", {{"unix", "uid:1001"}});
  const auto first = Answer(1);
  EXPECT_EQ(first.outcome.verdict, Verdict::kAllow);
  EXPECT_THAT(IdsOf(first), ElementsAre("w1 web", "w2 spare"));
  EXPECT_EQ(policy_.last_action, Action::kToken);
  EXPECT_THAT(policy_.last_audiences, IsEmpty());

  Advance(seconds(120));
  EXPECT_EQ(Answer().update, first.update);
  Advance(seconds(45));
  const auto second = Answer();
  EXPECT_THAT(IdsOf(second), ElementsAre("w3 web", "w4 spare"));
  EXPECT_THAT(audit_.lines, SizeIs(2));
  EXPECT_EQ(history_.counted[Happening::kSvid], 4);
  EXPECT_EQ(history_.counted[Happening::kStream], 1);
}

TEST_F(WitTest, IsLookedAtSoonAfterItsFirstAndThenWhenOneIsDue) {
  Answer(1);
  EXPECT_EQ(next_, now_.boot + seconds(1));
  Answer();
  EXPECT_EQ(next_, now_.boot + rules_.recheck);
  Advance(seconds(130));
  Answer();
  ASSERT_TRUE(next_);
  EXPECT_LT(*next_, now_.boot + seconds(40));
}

TEST_F(WitTest, TheRecordNamesEachAndComesFirst) {
  Answer(1);
  ASSERT_THAT(audit_.lines, SizeIs(1));
  EXPECT_EQ(audit_.lines[0].action, Action::kToken);
  EXPECT_THAT(audit_.lines[0].tokens, ElementsAre("w1 web"));
  EXPECT_THAT(audit_.lines[0].audiences, IsEmpty());
  audit_.broken = true;
  Advance(seconds(170));
  const auto unrecorded = Answer();
  EXPECT_EQ(unrecorded.outcome.verdict, Verdict::kUndecided);
  EXPECT_FALSE(unrecorded.update);
}

TEST_F(WitTest, StreamsThatAskForDifferentOnesHaveEachTheirOwn) {
  AddEntry("spare", {{"unix", "uid:1001"}});
  const auto turn = Ask({{.spiffe_id = Named("spare")}, {}, {.spiffe_id = Named("db")}});
  ASSERT_TRUE(turn);
  EXPECT_THAT(IdsOf(turn->wits.at(0)), ElementsAre("w1 spare"));
  EXPECT_THAT(IdsOf(turn->wits.at(1)), ElementsAre("w2 web", "w3 spare"));
  EXPECT_EQ(turn->wits.at(2).outcome.verdict, Verdict::kRefuse);
  EXPECT_THAT(turn->wits.at(2).outcome.reason, HasSubstr("no_entry"));
  const auto again = Ask({{}, {.spiffe_id = Named("spare")}});
  EXPECT_EQ(again->wits.at(0).update, turn->wits.at(1).update);
  EXPECT_EQ(again->wits.at(1).update, turn->wits.at(0).update);
}

TEST_F(WitTest, WhatNoStreamAsksForIsForgotten) {
  Answer(1);
  ASSERT_TRUE(Ask({}));
  EXPECT_THAT(IdsOf(Answer(1)), ElementsAre("w2 web"));
}

TEST_F(WitTest, AnEntryThatChangesOrGoesIsHeededAtTheNextTurn) {
  Answer(1);
  auto changed = *entries_.entries.front();
  changed.wit_ttl = seconds(60);
  entries_.entries.front() = std::make_shared<Entry>(std::move(changed));
  EXPECT_THAT(IdsOf(Answer()), ElementsAre("w2 web"));
  entries_.entries.clear();
  const auto gone = Answer();
  EXPECT_EQ(gone.outcome.verdict, Verdict::kRefuse);
  EXPECT_FALSE(gone.update);
}

TEST_F(WitTest, WhoJumpsLosesItAndIsPunished) {
  Answer(1);
  See({{"unix", "uid:1001"}, {"unix", "path:/usr/bin/other"}});
  auto jump = Decision{.verdict = Verdict::kRefuse, .reason = "drift.executable"};
  jump.obligations.revoke = true;
  policy_.answers["web"] = jump;
  const auto answer = Answer();
  EXPECT_EQ(answer.outcome.verdict, Verdict::kRefuse);
  EXPECT_THAT(answer.outcome.reason, HasSubstr("drift.executable"));
  EXPECT_FALSE(answer.update);
  EXPECT_THAT(policy_.last_drift.Kinds(), ElementsAre("unix:path"));
  EXPECT_THAT(sanctions_.ordered, Contains(HasSubstr("revoke web drift.executable")));
}

TEST_F(WitTest, WhoJumpsIsFoundOutHoweverManyStreamsItOpens) {
  Answer(1);
  gate_.left = 0;
  policy_.answers["web"] = {.verdict = Verdict::kRefuse, .reason = "drift.executable"};
  const auto turn = Ask({{.newcomers = 1}});
  ASSERT_TRUE(turn);
  EXPECT_TRUE(turn->crowded);
  EXPECT_EQ(turn->wits.front().outcome.verdict, Verdict::kRefuse);
}

TEST_F(WitTest, TooManyStreamsGetNothing) {
  gate_.left = 0;
  const auto turn = Ask({{.newcomers = 1}});
  ASSERT_TRUE(turn);
  EXPECT_TRUE(turn->crowded);
  EXPECT_THAT(turn->wits, IsEmpty());
  EXPECT_EQ(wits_.count, 0);
}

TEST_F(WitTest, WhoCannotBeToldKeepsWhatItHasAndGetsNothingNew) {
  const auto had = Answer(1);
  policy_.answers["web"] = {.verdict = Verdict::kUndecided, .reason = "facts_missing"};
  Advance(seconds(170));
  const auto undecided = Answer();
  EXPECT_EQ(undecided.outcome.verdict, Verdict::kUndecided);
  EXPECT_EQ(next_, now_.boot + rules_.first_retry);
  policy_.answers.clear();
  EXPECT_THAT(IdsOf(Answer()), ElementsAre("w2 web"));
}

TEST_F(WitTest, OneIdentityThatCannotBeToldIsNeitherRenewedNorTakenAway) {
  AddEntry("spare", {{"unix", "uid:1001"}});
  Answer(1);
  policy_.answers["web"] = {.verdict = Verdict::kUndecided, .reason = "facts_missing"};
  Advance(seconds(170));
  EXPECT_THAT(IdsOf(Answer()), ElementsAre("w3 spare", "w1 web"));
  Advance(seconds(140));
  EXPECT_THAT(IdsOf(Answer()), ElementsAre("w4 spare"));
}

TEST_F(WitTest, EndsAtExpiryIfItIsToldTo) {
  rules_.refuse_at_expiry = true;
  Session session(PartsWithWits(), rules_, peer_);
  const std::vector<Session::WitAsk> asks{{}};
  ASSERT_TRUE(session.Step(now_, {.wits = asks}));
  policy_.answers["web"] = {.verdict = Verdict::kUndecided, .reason = "facts_missing"};
  Advance(seconds(301));
  const auto turn = session.Step(now_, {.wits = asks});
  ASSERT_TRUE(turn);
  EXPECT_EQ(turn->wits.front().outcome.verdict, Verdict::kRefuse);
  EXPECT_THAT(turn->wits.front().outcome.reason, HasSubstr("expired"));
}

TEST_F(WitTest, WithoutAKeyItWaits) {
  wits_.down = true;
  const auto answer = Answer(1);
  EXPECT_EQ(answer.outcome.verdict, Verdict::kUndecided);
  EXPECT_THAT(answer.outcome.reason, HasSubstr("no key"));
}

TEST_F(WitTest, LivesNoLongerThanThePolicyAllows) {
  Answer(1);
  auto capped = Decision{.verdict = Verdict::kAllow, .reason = "allowed"};
  capped.obligations.ttl_cap = Seconds(60);
  policy_.answers["web"] = capped;
  const auto answer = Answer();
  ASSERT_TRUE(answer.update);
  EXPECT_EQ(answer.update->svids.front()->expires_at - answer.update->svids.front()->issued_at,
            Seconds(60));
}

TEST_F(WitTest, AChallengeIsPassedByTwoLooks) {
  policy_.answers["web"] = {.verdict = Verdict::kChallenge, .reason = "risk.high"};
  policy_.after_challenge = Decision{.verdict = Verdict::kAllow, .reason = "allowed"};
  for (int looks = 0; looks < 2; ++looks) {
    EXPECT_EQ(Answer().outcome.verdict, Verdict::kUndecided);
    ASSERT_TRUE(next_);
    now_.boot = *next_;
  }
  EXPECT_THAT(IdsOf(Answer()), ElementsAre("w1 web"));
  EXPECT_EQ(attestor_->forgotten, 2);
}

TEST_F(WitTest, WhoIsGoneGetsNone) {
  attestor_->before = [this] { process_->alive = false; };
  const auto turn = Ask({{.newcomers = 1}});
  ASSERT_FALSE(turn);
  EXPECT_EQ(turn.error().code(), ErrorCode::kPeerGone);
}

TEST_F(WitTest, TheKeysOfItsBundlesComeWithTheOthersIfTheProfileIsOn) {
  const auto turn = session_.Step(now_, {.bundles = true, .newcomers = 1});
  ASSERT_TRUE(turn);
  EXPECT_EQ(turn->wit_bundle_update, wits_.bundles);
  Session off(parts(), rules_, peer_);
  EXPECT_FALSE(off.Step(now_, {.bundles = true, .newcomers = 1})->wit_bundle_update);
}

}  // namespace
}  // namespace surety
