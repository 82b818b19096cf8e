// What follows from decisions: revocations, quarantines, challenges, what is undecided.

#include <set>

#include "tests/flow/session_fixture.h"

namespace surety {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

TEST_F(SessionTest, RefusalCarriesOutWhatWasOrderedOnce) {
  ASSERT_TRUE(Turn());
  auto jump = Answer(Verdict::kRefuse, "drift.executable");
  jump.obligations.revoke = true;
  policy_.answers["web"] = jump;
  ASSERT_TRUE(Turn());
  EXPECT_THAT(sanctions_.ordered, ElementsAre("revoke web drift.executable d2"));
  EXPECT_TRUE(session_.held_ids().empty());
}

TEST_F(SessionTest, WhoeverJumpsToAnotherEntryKeepsNothingOfTheFormerOne) {
  AddEntry("db", {{"unix", "uid:1002"}});
  ASSERT_TRUE(Turn());
  See({{"unix", "uid:1002"}, {"unix", "path:/usr/bin/web"}});
  auto jump = Answer(Verdict::kRefuse, "drift.user");
  jump.obligations.revoke = true;
  policy_.answers["db"] = jump;
  ASSERT_TRUE(Turn());
  EXPECT_THAT(sanctions_.spared, ElementsAre(ElementsAre("db")));
  EXPECT_EQ(sanctions_.reason_of_others, "drift.user");
}

TEST_F(SessionTest, RefusalThatPunishesNobodyTakesNothing) {
  ASSERT_TRUE(Turn());
  policy_.answers["web"] = Answer(Verdict::kRefuse, "no");
  ASSERT_TRUE(Turn());
  EXPECT_TRUE(sanctions_.spared.empty());
}

TEST_F(SessionTest, WhatIsInQuarantineIsNotPutThereAgain) {
  ASSERT_TRUE(Turn());
  auto jump = Answer(Verdict::kRefuse, "drift.memfd");
  jump.obligations.quarantine = true;
  policy_.answers["web"] = jump;
  ASSERT_TRUE(Turn());
  Standing standing;
  standing.quarantines.emplace_back().lineage = "unit:/web";
  history_.standing = standing;
  ASSERT_TRUE(Turn());
  EXPECT_THAT(sanctions_.ordered,
              ElementsAre("quarantine web drift.memfd d2", "revoke web drift.memfd d2"));
}

TEST_F(SessionTest, OneEntryIsPunishedWhileAnotherGoesOn) {
  AddEntry("other", {{"unix", "uid:1001"}});
  ASSERT_TRUE(Turn());
  auto jump = Answer(Verdict::kRefuse, "drift.cgroup");
  jump.obligations.revoke = true;
  policy_.answers["web"] = jump;
  EXPECT_THAT(Serials(), ElementsAre("s2"));
  EXPECT_THAT(sanctions_.ordered, ElementsAre("revoke web drift.cgroup d2"));
}

TEST_F(SessionTest, TtlCapShortensAndMintsAnewWhatIsTooLong) {
  auto capped = Answer(Verdict::kAllow, "watched");
  EXPECT_THAT(Serials(), ElementsAre("s1"));
  capped.obligations.ttl_cap = Seconds(60);
  policy_.answers["web"] = capped;
  const auto turn = Turn();
  EXPECT_EQ(turn->svid_update->svids[0]->serial, "s2");
  EXPECT_EQ(turn->svid_update->svids[0]->not_after - now_.wall, seconds(60));
  EXPECT_THAT(Serials(), ElementsAre("s2")) << "short enough now";
}

TEST_F(SessionTest, CrowdIsTurnedAwayBeforeAnyWork) {
  gate_.left = 0;
  const auto turn = Turn(1);
  EXPECT_TRUE(turn->crowded);
  EXPECT_EQ(attestor_->calls, 0);
  EXPECT_EQ(history_.counted[Happening::kStream], 0);
  EXPECT_EQ(history_.counted[Happening::kRefusal], 1) << "who asks on is told apart by it";
}

TEST_F(SessionTest, CrowdTakesNothingFromThoseWhoAreServed) {
  ASSERT_TRUE(Turn(1));
  gate_.left = 0;
  const auto turn = Turn(1);
  EXPECT_TRUE(turn->crowded);
  EXPECT_EQ(turn->svids.verdict, Verdict::kAllow);
}

TEST_F(SessionTest, WhatWasTakenAwayIsMintedAnewForWhomMayStillHaveIt) {
  EXPECT_THAT(Serials(), ElementsAre("s1"));
  sanctions_.taken = {"s1"};
  EXPECT_THAT(Serials(), ElementsAre("s2"));
}

TEST_F(SessionTest, SuspicionIsRaisedOnceForEachRecord) {
  policy_.answers["web"] = Answer(Verdict::kRefuse, "drift.user");
  ASSERT_TRUE(Turn());
  ASSERT_TRUE(Turn());
  EXPECT_THAT(history_.suspected, ElementsAre("drift.user"));
}

TEST_F(SessionTest, UndecidedGrantsNothingAndIsAskedAgainEverLater) {
  policy_.answers["web"] = Answer(Verdict::kUndecided, "facts_missing");
  auto turn = Turn();
  EXPECT_EQ(*turn->next - now_.boot, milliseconds(2));
  now_.boot = *turn->next;
  turn = Turn();
  EXPECT_EQ(*turn->next - now_.boot, milliseconds(4));
  EXPECT_EQ(issuer_.count, 0);
  EXPECT_THAT(audit_.lines, SizeIs(1)) << "the same answer is recorded once";
}

TEST_F(SessionTest, UndecidedSaysWhatIsMissing) {
  policy_.answers["web"] = Answer(Verdict::kUndecided, "facts_missing");
  SeeMissing("unix:sha256");
  EXPECT_THAT(Turn()->svids.reason, HasSubstr("unix:sha256: still hashing"));
}

TEST_F(SessionTest, UndecidedTakesNothingAway) {
  ASSERT_TRUE(Turn());
  policy_.answers["web"] = Answer(Verdict::kUndecided, "facts_missing");
  Advance(minutes(20));
  EXPECT_EQ(Turn()->svids.verdict, Verdict::kUndecided);
  policy_.answers.clear();
  EXPECT_THAT(Serials(), ElementsAre("s2"));
}

TEST_F(SessionTest, LastWordAtExpiryIsTheOperators) {
  rules_.refuse_at_expiry = true;
  Session strict(parts(), rules_, peer_);
  ASSERT_TRUE(strict.Step(now_, {.svids = true}));
  policy_.answers["web"] = Answer(Verdict::kUndecided, "facts_missing");
  Advance(minutes(9));
  EXPECT_EQ(strict.Step(now_, {.svids = true})->svids.verdict, Verdict::kUndecided);
  Advance(minutes(1));
  const auto turn = strict.Step(now_, {.svids = true});
  EXPECT_EQ(turn->svids.verdict, Verdict::kRefuse);
  EXPECT_THAT(turn->svids.reason, HasSubstr("expired"));
}

TEST_F(SessionTest, LineageThatCannotBeToldIsAMissingFact) {
  history_.standing = Error(ErrorCode::kUnavailable, "no /proc");
  policy_.answers["web"] = Answer(Verdict::kUndecided, "facts_missing");
  EXPECT_THAT(Turn()->svids.reason, HasSubstr("lineage: no /proc"));
}

TEST_F(SessionTest, ChallengeIsPassedByTwoFreshLooksThatAgree) {
  policy_.answers["web"] = Answer(Verdict::kChallenge, "risk");
  policy_.after_challenge = Answer(Verdict::kAllow, "allowed");
  auto turn = Turn();
  EXPECT_EQ(turn->svids.verdict, Verdict::kUndecided);
  EXPECT_EQ(*turn->next - now_.boot, rules_.challenge_gap);
  Advance(rules_.challenge_gap);
  EXPECT_EQ(Turn()->svids.verdict, Verdict::kUndecided);
  Advance(rules_.challenge_gap);
  EXPECT_THAT(Serials(), ElementsAre("s1"));
  EXPECT_EQ(attestor_->forgotten, 2) << "nothing cached was believed";
}

TEST_F(SessionTest, ChallengeIsNoSoonerPassedByOneWhoAsksInALoop) {
  policy_.answers["web"] = Answer(Verdict::kChallenge, "risk");
  policy_.after_challenge = Answer(Verdict::kAllow, "allowed");
  for (int i = 0; i < 100; ++i) {
    const auto turn = session_.Step(now_, {.svids = true, .newcomers = 1});
    EXPECT_EQ(turn->svids.verdict, Verdict::kUndecided);
    EXPECT_GT(*turn->next, now_.boot);
    Advance(rules_.challenge_gap / 100);
  }
  EXPECT_EQ(attestor_->forgotten, 0) << "nothing is looked up again for it meanwhile";
}

TEST_F(SessionTest, LookOfAChallengeThatTakesLongIsNotBegunAnew) {
  policy_.answers["web"] = Answer(Verdict::kChallenge, "risk");
  policy_.after_challenge = Answer(Verdict::kAllow, "allowed");
  ASSERT_TRUE(Turn());
  Advance(rules_.challenge_gap);
  SeeMissing("unix:sha256");
  policy_.answers["web"] = Answer(Verdict::kUndecided, "facts_missing");
  for (int i = 0; i < 10; ++i) {
    const auto turn = Turn();
    EXPECT_GT(*turn->next, now_.boot) << "it does not run in circles";
    Advance(rules_.challenge_gap);
  }
  EXPECT_EQ(attestor_->forgotten, 1) << "or it would never end";
  attestor_->answer.missing.clear();
  policy_.answers["web"] = Answer(Verdict::kChallenge, "risk");
  EXPECT_EQ(Turn()->svids.verdict, Verdict::kUndecided);
  Advance(rules_.challenge_gap);
  EXPECT_THAT(Serials(), ElementsAre("s1"));
}

TEST_F(SessionTest, ChallengeBeginsAnewWhenTheLooksDiffer) {
  policy_.answers["web"] = Answer(Verdict::kChallenge, "risk");
  policy_.after_challenge = Answer(Verdict::kAllow, "allowed");
  ASSERT_TRUE(Turn());
  Advance(rules_.challenge_gap);
  ASSERT_TRUE(Turn());
  Advance(rules_.challenge_gap);
  See({{"unix", "uid:1001"}, {"unix", "path:/usr/bin/web"}, {"unix", "traced:true"}});
  EXPECT_EQ(Turn()->svids.verdict, Verdict::kUndecided);
  Advance(rules_.challenge_gap);
  EXPECT_THAT(Serials(), ElementsAre("s1")) << "two looks in a row that agree";
}

}  // namespace
}  // namespace surety
