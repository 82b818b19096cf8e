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

TEST_F(SessionTest, FirstTurnPinsFollowsRecordsAndHandsOut) {
  const auto turn = Turn(1);
  ASSERT_TRUE(turn);
  EXPECT_EQ(turn->svids.verdict, Verdict::kAllow);
  ASSERT_THAT(turn->svid_update->svids, SizeIs(1));
  EXPECT_EQ(turn->svid_update->svids[0]->id.Text(), "spiffe://example.org/web");
  ASSERT_THAT(audit_.lines, SizeIs(1));
  EXPECT_EQ(audit_.lines[0].action, Action::kIssue);
  EXPECT_THAT(audit_.lines[0].minted, ElementsAre("s1"));
  EXPECT_THAT(sanctions_.given, ElementsAre("s1"));
  EXPECT_THAT(watcher_.followed, ElementsAre(process_->key()));
  EXPECT_EQ(ledger_.pinned.at(process_->key()).selectors, attestor_->answer.selectors);
  EXPECT_EQ(history_.counted[Happening::kStream], 1);
  EXPECT_EQ(history_.counted[Happening::kSvid], 1);
}

TEST_F(SessionTest, BirthIsHeardOfBeforeTheFirstLookAtTheLineageAlone) {
  ASSERT_TRUE(Turn());
  ASSERT_TRUE(Turn());
  EXPECT_THAT(watcher_.asked_for, ElementsAre(process_->key()));
}

TEST_F(SessionTest, ProcessThatWasJustPinnedIsLookedAtAgainSoon) {
  const auto first = Turn();
  EXPECT_EQ(*first->next - now_.boot, seconds(1));
  now_.boot = *first->next;
  EXPECT_EQ(*Turn()->next - now_.boot, rules_.recheck);
}

TEST_F(SessionTest, TurnWithNothingNewLooksAgainAndChangesNothing) {
  const auto first = Turn();
  Advance(seconds(1));
  const auto second = Turn();
  ASSERT_TRUE(second);
  EXPECT_EQ(attestor_->calls, 2);
  EXPECT_EQ(policy_.calls, 2);
  EXPECT_EQ(first->svid_update, second->svid_update) << "the very same object";
  EXPECT_THAT(audit_.lines, SizeIs(1));
}

TEST_F(SessionTest, AnotherStreamGetsWhatTheProcessHolds) {
  EXPECT_THAT(Serials(1), ElementsAre("s1"));
  Advance(seconds(1));
  EXPECT_THAT(Serials(1), ElementsAre("s1"));
  EXPECT_EQ(policy_.last_action, Action::kIssue);
  ASSERT_THAT(audit_.lines, SizeIs(2)) << "handing out is a decision of its own";
  EXPECT_THAT(audit_.lines[1].minted, IsEmpty());
  EXPECT_THAT(audit_.lines[1].delivered, ElementsAre("s1"));
}

TEST_F(SessionTest, RotatesAboutHalfLife) {
  EXPECT_THAT(Serials(), ElementsAre("s1"));
  Advance(seconds(269));  // 600 s / 2 - 10 % of that, less one second
  EXPECT_THAT(Serials(), ElementsAre("s1"));
  Advance(seconds(62));  // 300 s + 10 %, and one second
  EXPECT_THAT(Serials(), ElementsAre("s2"));
  EXPECT_EQ(audit_.lines.back().action, Action::kRotate);
}

TEST_F(SessionTest, OnlyWhatIsDueIsMintedAnew) {
  AddEntry("other", {{"unix", "uid:1001"}});
  auto short_lived = *entries_.entries[1];
  short_lived.x509_ttl = Seconds(60);
  entries_.entries[1] = std::make_shared<Entry>(short_lived);
  EXPECT_THAT(Serials(), ElementsAre("s1", "s2"));
  Advance(seconds(40));
  EXPECT_THAT(Serials(), ElementsAre("s1", "s3"));
}

TEST_F(SessionTest, WhatIsDueAtAboutTheSameTimeIsRenewedTogether) {
  AddEntry("other", {{"unix", "uid:1001"}});
  const auto first = Turn();
  EXPECT_THAT(first->svid_update->svids, SizeIs(2));
  while (Serials() == std::vector<std::string>{"s1", "s2"}) Advance(seconds(1));
  EXPECT_THAT(Serials(), ElementsAre("s3", "s4"));
}

TEST_F(SessionTest, ChangedEntryIsMintedAnewAndAnEqualOneIsNot) {
  EXPECT_THAT(Serials(), ElementsAre("s1"));
  entries_.entries[0] = std::make_shared<Entry>(*entries_.entries[0]);
  EXPECT_THAT(Serials(), ElementsAre("s1")) << "a reload that changes nothing";
  auto changed = *entries_.entries[0];
  changed.dns_names = {"web.internal"};
  entries_.entries[0] = std::make_shared<Entry>(changed);
  EXPECT_THAT(Serials(), ElementsAre("s2"));
}

TEST_F(SessionTest, OtherPinsOfAnEntryHoldForAProcessThatRuns) {
  EXPECT_THAT(Serials(), ElementsAre("s1"));
  EXPECT_EQ(policy_.last_pins, std::nullopt);
  auto changed = *entries_.entries[0];
  changed.pins = std::vector<std::string>{"unix:path"};
  entries_.entries[0] = std::make_shared<Entry>(changed);
  ASSERT_TRUE(Turn());
  EXPECT_EQ(policy_.last_pins, changed.pins);
}

TEST_F(SessionTest, EveryTurnAsksWhoItIsAnew) {
  ASSERT_TRUE(Turn());
  See({{"unix", "uid:0"}, {"unix", "path:/usr/bin/web"}});
  Advance(minutes(4));
  const auto turn = Turn();
  ASSERT_TRUE(turn);
  EXPECT_EQ(turn->svids.verdict, Verdict::kRefuse);
  EXPECT_THAT(turn->svids.reason, HasSubstr("no_entry"));
  EXPECT_EQ(turn->svids.decision, "d2");
  EXPECT_EQ(turn->svid_update, nullptr);
}

TEST_F(SessionTest, DriftFromThePinnedScopeReachesPolicyAndRecord) {
  ASSERT_TRUE(Turn());
  See({{"unix", "uid:1001"}, {"unix", "path:/bin/sh"}});
  ASSERT_TRUE(Turn());
  EXPECT_EQ(policy_.last_drift.gained, (SelectorSet{{"unix", "path:/bin/sh"}}));
  EXPECT_EQ(policy_.last_drift.lost, (SelectorSet{{"unix", "path:/usr/bin/web"}}));
  EXPECT_THAT(audit_.lines.back().drift, ElementsAre("unix:path"));
}

// Hierarchies of cgroup version 1 show a process in their root once it has begun to exit.
TEST_F(SessionTest, WhatAnExitingProcessHasLostIsMissing) {
  ASSERT_TRUE(Turn());
  See({{"unix", "uid:1001"}});
  history_.standing->left_lineage = true;
  process_->exiting = true;
  ASSERT_TRUE(Turn());
  EXPECT_EQ(policy_.last_drift.Kinds(), std::vector<std::string>{"unix:path"});
  ASSERT_THAT(policy_.last_seen.missing, SizeIs(2));
  EXPECT_EQ(policy_.last_seen.missing[0].kind, "unix");
  EXPECT_EQ(policy_.last_seen.missing[1].kind, "lineage");
  EXPECT_FALSE(policy_.last_left_lineage);
}

TEST_F(SessionTest, WhatARunningProcessHasLostIsNotMissing) {
  ASSERT_TRUE(Turn());
  See({{"unix", "uid:1001"}});
  history_.standing->left_lineage = true;
  ASSERT_TRUE(Turn());
  EXPECT_THAT(policy_.last_seen.missing, IsEmpty());
  EXPECT_TRUE(policy_.last_left_lineage);
}

TEST_F(SessionTest, ReconnectingDoesNotWashDriftOff) {
  ASSERT_TRUE(Turn());
  See({{"unix", "uid:1001"}, {"unix", "path:/bin/sh"}});
  Session again(parts(), rules_, peer_);
  ASSERT_TRUE(again.Step(now_, {.svids = true}));
  EXPECT_EQ(policy_.last_drift.Kinds(), std::vector<std::string>{"unix:path"});
}

TEST_F(SessionTest, PolicyRefusesDespiteAMatchingEntry) {
  policy_.answers["web"] = Answer(Verdict::kRefuse, "jump");
  const auto turn = Turn();
  ASSERT_TRUE(turn);
  EXPECT_EQ(turn->svids.verdict, Verdict::kRefuse);
  EXPECT_THAT(ledger_.pinned, IsEmpty());
  EXPECT_EQ(issuer_.count, 0);
  EXPECT_EQ(audit_.lines.at(0).verdict, Verdict::kRefuse);
  EXPECT_EQ(history_.counted[Happening::kRefusal], 1);
}

TEST_F(SessionTest, RefusalStandsWithoutItsRecord) {
  policy_.answers["web"] = Answer(Verdict::kRefuse, "jump");
  audit_.broken = true;
  EXPECT_EQ(Turn()->svids.verdict, Verdict::kRefuse);
}

TEST_F(SessionTest, AllowWithoutAnEntryGrantsNothing) {
  entries_.entries.clear();
  policy_.without_entry = Answer(Verdict::kAllow, "confused");
  EXPECT_EQ(Turn()->svids.verdict, Verdict::kRefuse);
  EXPECT_EQ(issuer_.count, 0);
}

TEST_F(SessionTest, GoesOnWithTheIdentitiesThatAreLeft) {
  AddEntry("other", {{"unix", "uid:1001"}});
  EXPECT_THAT(Serials(), ElementsAre("s1", "s2"));
  policy_.answers["web"] = Answer(Verdict::kRefuse, "jump");
  EXPECT_THAT(Serials(), ElementsAre("s2")) << "what is left needs no new SVID";
  policy_.answers["other"] = Answer(Verdict::kRefuse, "jump");
  EXPECT_EQ(Turn()->svids.verdict, Verdict::kRefuse);
}

TEST_F(SessionTest, EntryAddedLaterIsHandedOutWithTheOthers) {
  EXPECT_THAT(Serials(), ElementsAre("s1"));
  AddEntry("other", {{"unix", "uid:1001"}});
  EXPECT_THAT(Serials(), ElementsAre("s1", "s2"));
}

TEST_F(SessionTest, NewBundlesComeWithTheSameSvid) {
  EXPECT_THAT(Serials(), ElementsAre("s1"));
  NewBundles();
  const auto turn = Turn();
  EXPECT_EQ(turn->svid_update->bundles->edition, 2U);
  EXPECT_EQ(turn->svid_update->svids[0]->serial, "s1");
}

TEST_F(SessionTest, NewBundlesComeWhileNothingElseCanBeTold) {
  EXPECT_THAT(Serials(), ElementsAre("s1"));
  policy_.answers["web"] = Answer(Verdict::kUndecided, "attestor down");
  const auto before = Turn();
  EXPECT_EQ(before->svid_update->bundles->edition, 1U);
  NewBundles();
  const auto turn = Turn();
  EXPECT_EQ(turn->svids.verdict, Verdict::kUndecided);
  EXPECT_EQ(turn->svid_update->bundles->edition, 2U);
  EXPECT_EQ(turn->svid_update->svids[0]->serial, "s1");
  EXPECT_EQ(turn->svid_update, Turn()->svid_update) << "the very same object";
  Advance(seconds(600));
  NewBundles();
  EXPECT_EQ(Turn()->svid_update, nullptr) << "expired";
}

TEST_F(SessionTest, NobodyHearsOfBundlesBeforeTheFirstYes) {
  policy_.answers["web"] = Answer(Verdict::kUndecided, "attestor down");
  EXPECT_EQ(Turn()->svid_update, nullptr);
  NewBundles();
  EXPECT_EQ(Turn()->svid_update, nullptr);
}

TEST_F(SessionTest, NoSvidLeavesWithoutItsRecord) {
  audit_.broken = true;
  const auto turn = Turn();
  EXPECT_EQ(turn->svids.verdict, Verdict::kUndecided);
  EXPECT_EQ(turn->svid_update, nullptr);
  EXPECT_THAT(sanctions_.given, IsEmpty());
  audit_.broken = false;
  EXPECT_THAT(Serials(), SizeIs(1));
}

TEST_F(SessionTest, NoSvidLeavesWithoutItsPin) {
  ledger_.full = true;
  const auto turn = Turn();
  EXPECT_EQ(turn->svids.verdict, Verdict::kUndecided);
  EXPECT_THAT(turn->svids.reason, HasSubstr("no space left"));
  EXPECT_EQ(issuer_.count, 0);
}

TEST_F(SessionTest, SignerDownIsNoRefusal) {
  issuer_.down = true;
  ASSERT_TRUE(Turn());
  EXPECT_EQ(audit_.lines.back().verdict, Verdict::kUndecided);
  issuer_.down = false;
  EXPECT_THAT(Serials(), SizeIs(1));
}

TEST_F(SessionTest, ProcessThatExitsWhileAttestedGetsNothing) {
  attestor_->before = [this] { process_->alive = false; };
  const auto turn = Turn();
  ASSERT_FALSE(turn);
  EXPECT_EQ(turn.error().code(), ErrorCode::kPeerGone);
  EXPECT_THAT(ledger_.pinned, IsEmpty());
  EXPECT_EQ(issuer_.count, 0);
}

TEST_F(SessionTest, ProcessThatExitsBeforeItIsHandedOutGetsNothing) {
  ledger_.before_pin = [this] { process_->alive = false; };
  const auto turn = Turn();
  ASSERT_FALSE(turn);
  EXPECT_EQ(turn.error().code(), ErrorCode::kPeerGone);
}

TEST_F(SessionTest, LoserOfTwoFirstTurnsDecidesAgainOnTheWinnersScope) {
  ledger_.before_pin = [this] {
    ledger_.pinned.try_emplace(process_->key(), Scope{{{"unix", "uid:1001"}}});
  };
  ASSERT_TRUE(Turn());
  EXPECT_EQ(policy_.calls, 2);
  EXPECT_EQ(policy_.last_drift.gained, (SelectorSet{{"unix", "path:/usr/bin/web"}}));
}

TEST_F(SessionTest, WallClockJumpMintsAnewOnlyWhatNoVerifierWouldTake) {
  EXPECT_THAT(Serials(), ElementsAre("s1"));
  now_.wall += minutes(5);
  EXPECT_THAT(Serials(), ElementsAre("s1"));
  now_.wall += hours(24 * 365);
  EXPECT_THAT(Serials(), ElementsAre("s2"));
  now_.wall -= hours(24 * 730);
  EXPECT_THAT(Serials(), ElementsAre("s3"));
}

TEST(RotateAfterTest, StaysWithinATenthOfHalfLifeAndSpreads) {
  const auto lifetime = hours(1);
  std::set<BootClock::duration> seen;
  for (int i = 0; i < 200; ++i) {
    const auto after = RotateAfter(lifetime, "serial" + std::to_string(i));
    EXPECT_GE(after, minutes(27));  // 30 min - 10 %
    EXPECT_LE(after, minutes(33));  // 30 min + 10 %
    seen.insert(after);
  }
  EXPECT_GT(seen.size(), 150U);
}

class BundleTurnTest : public WalkTest {
 protected:
  Result<Session::Turn> Turn() { return session_.Step(now_, {.svids = false, .bundles = true}); }
  Session session_{parts(), rules_, peer_};
};

TEST_F(BundleTurnTest, HandsOutTheBundlesAndMintsNothing) {
  EXPECT_EQ(Turn()->bundle_update, bundles_.bundles);
  NewBundles();
  EXPECT_EQ(Turn()->bundle_update->edition, 2U);
  EXPECT_EQ(issuer_.count, 0);
  EXPECT_EQ(policy_.last_action, Action::kBundles);
}

TEST_F(BundleTurnTest, CallerThatLosesItsIdentityIsRefused) {
  ASSERT_TRUE(Turn());
  entries_.entries.clear();
  const auto turn = Turn();
  EXPECT_EQ(turn->bundles.verdict, Verdict::kRefuse);
  EXPECT_EQ(turn->bundle_update, nullptr);
}

TEST_F(BundleTurnTest, PinsTheScopeLikeAnyFirstTurn) {
  ASSERT_TRUE(Turn());
  EXPECT_THAT(ledger_.pinned, SizeIs(1));
}

TEST_F(BundleTurnTest, BothKindsOfStreamAreServedByOneLook) {
  const auto turn = session_.Step(now_, {.svids = true, .bundles = true, .newcomers = 2});
  ASSERT_TRUE(turn);
  EXPECT_TRUE(turn->svid_update);
  EXPECT_TRUE(turn->bundle_update);
  EXPECT_EQ(attestor_->calls, 1);
}

}  // namespace
}  // namespace surety
