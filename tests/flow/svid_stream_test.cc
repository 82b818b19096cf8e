#include "tests/flow/walk_fixture.h"

namespace surety {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class SvidStreamTest : public WalkTest {
 protected:
  Result<BootTime> Step() { return stream_.Step(now_, sink_); }
  SvidStream stream_{parts(), times_, peer_};
};

TEST_F(SvidStreamTest, FirstTurnPinsRecordsAndPushes) {
  ASSERT_TRUE(Step());
  ASSERT_THAT(sink_.pushed, SizeIs(1));
  EXPECT_THAT(sink_.pushed[0].ids, ElementsAre("spiffe://example.org/web"));
  ASSERT_THAT(audit_.lines, SizeIs(1));
  EXPECT_EQ(audit_.lines[0].action, Action::kIssue);
  EXPECT_EQ(audit_.lines[0].issued.at(0).serial, "s1");
  EXPECT_EQ(ledger_.pinned.at(process_->key()).selectors, attestor_->answer.selectors);
}

TEST_F(SvidStreamTest, TurnWithNothingNewLooksAgainAndPushesNothing) {
  ASSERT_TRUE(Step());
  Advance(seconds(1));
  ASSERT_TRUE(Step());
  EXPECT_EQ(attestor_->calls, 2);
  EXPECT_THAT(sink_.pushed, SizeIs(1));
  EXPECT_EQ(policy_.calls, 2);
}

TEST_F(SvidStreamTest, RotatesAboutHalfLife) {
  ASSERT_TRUE(Step());
  Advance(seconds(269));  // 600 s / 2 - 10 % of that, less one second
  ASSERT_TRUE(Step());
  EXPECT_THAT(sink_.pushed, SizeIs(1));
  Advance(seconds(62));  // 300 s + 10 %, and one second
  ASSERT_TRUE(Step());
  ASSERT_THAT(sink_.pushed, SizeIs(2));
  EXPECT_NE(sink_.pushed[0].serials, sink_.pushed[1].serials);
  EXPECT_EQ(audit_.lines.back().action, Action::kRotate);
}

TEST_F(SvidStreamTest, EveryTurnAsksWhoItIsAnew) {
  ASSERT_TRUE(Step());
  See({{"unix", "uid:0"}, {"unix", "path:/usr/bin/web"}});
  Advance(minutes(6));
  const auto end = Step();
  ASSERT_FALSE(end);
  EXPECT_EQ(end.error().code(), ErrorCode::kPermissionDenied);
  EXPECT_THAT(end.error().Text(), HasSubstr("no_entry"));
  EXPECT_THAT(sink_.pushed, SizeIs(1));
}

TEST_F(SvidStreamTest, DriftFromThePinnedScopeReachesPolicyAndRecord) {
  ASSERT_TRUE(Step());
  See({{"unix", "uid:1001"}, {"unix", "path:/bin/sh"}});
  ASSERT_TRUE(Step());
  EXPECT_EQ(policy_.last_drift.gained, (SelectorSet{{"unix", "path:/bin/sh"}}));
  EXPECT_EQ(policy_.last_drift.lost, (SelectorSet{{"unix", "path:/usr/bin/web"}}));
  EXPECT_THAT(audit_.lines.back().drift, ElementsAre("unix:path"));
}

TEST_F(SvidStreamTest, ReconnectingDoesNotWashDriftOff) {
  ASSERT_TRUE(Step());
  See({{"unix", "uid:1001"}, {"unix", "path:/bin/sh"}});
  SvidStream again(parts(), times_, peer_);
  ASSERT_TRUE(again.Step(now_, sink_));
  EXPECT_EQ(policy_.last_drift.Kinds(), std::vector<std::string>{"unix:path"});
}

TEST_F(SvidStreamTest, PolicyRefusesDespiteAMatchingEntry) {
  policy_.answers["web"] = {Verdict::kRefuse, "jump"};
  const auto end = Step();
  ASSERT_FALSE(end);
  EXPECT_EQ(end.error().code(), ErrorCode::kPermissionDenied);
  EXPECT_THAT(ledger_.pinned, IsEmpty());
  EXPECT_EQ(issuer_.count, 0);
  EXPECT_EQ(audit_.lines.at(0).verdict, Verdict::kRefuse);
}

TEST_F(SvidStreamTest, AllowWithoutAnEntryGrantsNothing) {
  entries_.entries.clear();
  policy_.without_entry = {Verdict::kAllow, "confused"};
  const auto end = Step();
  ASSERT_FALSE(end);
  EXPECT_EQ(end.error().code(), ErrorCode::kPermissionDenied);
  EXPECT_EQ(issuer_.count, 0);
}

TEST_F(SvidStreamTest, GoesOnWithTheIdentitiesThatAreLeft) {
  AddEntry("other", {{"unix", "uid:1001"}});
  ASSERT_TRUE(Step());
  policy_.answers["web"] = {Verdict::kRefuse, "jump"};
  ASSERT_TRUE(Step());
  EXPECT_THAT(sink_.pushed.back().ids, ElementsAre("spiffe://example.org/other"));
  policy_.answers["other"] = {Verdict::kRefuse, "jump"};
  EXPECT_FALSE(Step());
}

TEST_F(SvidStreamTest, EntryAddedLaterIsPushedWithTheOthers) {
  ASSERT_TRUE(Step());
  AddEntry("other", {{"unix", "uid:1001"}});
  ASSERT_TRUE(Step());
  EXPECT_THAT(sink_.pushed.back().ids,
              ElementsAre("spiffe://example.org/web", "spiffe://example.org/other"));
}

TEST_F(SvidStreamTest, NewBundlesArePushedAtOnce) {
  ASSERT_TRUE(Step());
  NewBundles();
  ASSERT_TRUE(Step());
  ASSERT_THAT(sink_.pushed, SizeIs(2));
  EXPECT_EQ(sink_.pushed[1].bundle_revision, 2U);
}

TEST_F(SvidStreamTest, UndecidedGrantsNothingAndIsAskedAgainEverLater) {
  policy_.answers["web"] = {Verdict::kUndecided, "facts_missing"};
  auto next = Step();
  ASSERT_TRUE(next);
  EXPECT_EQ(*next - now_.boot, milliseconds(2));
  now_.boot = *next;
  next = Step();
  ASSERT_TRUE(next);
  EXPECT_EQ(*next - now_.boot, milliseconds(4));
  EXPECT_EQ(issuer_.count, 0);
  EXPECT_THAT(audit_.lines, SizeIs(1)) << "the same answer is recorded once";
}

TEST_F(SvidStreamTest, UndecidedTakesNothingAway) {
  ASSERT_TRUE(Step());
  policy_.answers["web"] = {Verdict::kUndecided, "facts_missing"};
  Advance(minutes(20));
  ASSERT_TRUE(Step());
  EXPECT_THAT(sink_.pushed, SizeIs(1));
  policy_.answers.clear();
  ASSERT_TRUE(Step());
  EXPECT_THAT(sink_.pushed, SizeIs(2));
}

TEST_F(SvidStreamTest, FirstAnswerComesInTimeOrTheStreamEndsAsUnavailable) {
  policy_.answers["web"] = {Verdict::kUndecided, "facts_missing"};
  SeeMissing("unix:sha256");
  ASSERT_TRUE(Step());
  Advance(times_.first_answer);
  const auto end = Step();
  ASSERT_FALSE(end);
  EXPECT_EQ(end.error().code(), ErrorCode::kUnavailable);
  EXPECT_THAT(end.error().Text(), HasSubstr("unix:sha256: still hashing"));
}

TEST_F(SvidStreamTest, NoSvidLeavesWithoutItsRecord) {
  audit_.broken = true;
  ASSERT_TRUE(Step());
  EXPECT_THAT(sink_.pushed, IsEmpty());
  audit_.broken = false;
  ASSERT_TRUE(Step());
  EXPECT_THAT(sink_.pushed, SizeIs(1));
}

TEST_F(SvidStreamTest, SignerDownIsNoRefusal) {
  issuer_.down = true;
  ASSERT_TRUE(Step());
  EXPECT_EQ(audit_.lines.back().verdict, Verdict::kUndecided);
  issuer_.down = false;
  ASSERT_TRUE(Step());
  EXPECT_THAT(sink_.pushed, SizeIs(1));
}

TEST_F(SvidStreamTest, ProcessThatExitsWhileAttestedGetsNothing) {
  attestor_->before = [this] { process_->alive = false; };
  const auto end = Step();
  ASSERT_FALSE(end);
  EXPECT_EQ(end.error().code(), ErrorCode::kPeerGone);
  EXPECT_THAT(ledger_.pinned, IsEmpty());
  EXPECT_EQ(issuer_.count, 0);
}

TEST_F(SvidStreamTest, ProcessThatExitsBeforeThePushGetsNothing) {
  ledger_.before_pin = [this] { process_->alive = false; };
  const auto end = Step();
  ASSERT_FALSE(end);
  EXPECT_EQ(end.error().code(), ErrorCode::kPeerGone);
  EXPECT_THAT(sink_.pushed, IsEmpty());
}

TEST_F(SvidStreamTest, LoserOfTwoFirstTurnsDecidesAgainOnTheWinnersScope) {
  ledger_.before_pin = [this] {
    ledger_.pinned.try_emplace(process_->key(), Scope{{{"unix", "uid:1001"}}});
  };
  ASSERT_TRUE(Step());
  EXPECT_EQ(policy_.calls, 2);
  EXPECT_EQ(policy_.last_drift.gained, (SelectorSet{{"unix", "path:/usr/bin/web"}}));
}

TEST_F(SvidStreamTest, SinkThatIsClosedEndsTheStream) {
  sink_.closed = true;
  EXPECT_FALSE(Step());
}

TEST_F(SvidStreamTest, WallClockJumpDoesNotMoveRotation) {
  auto next = Step();
  ASSERT_TRUE(next);
  now_.wall += std::chrono::hours(24 * 365);
  Advance(seconds(1));
  ASSERT_TRUE(Step());
  EXPECT_THAT(sink_.pushed, SizeIs(1));
}

TEST(RotateAfterTest, StaysWithinATenthOfHalfLifeAndSpreads) {
  const auto lifetime = std::chrono::hours(1);
  std::set<BootClock::duration> seen;
  for (int i = 0; i < 200; ++i) {
    const auto after = RotateAfter(lifetime, "serial" + std::to_string(i));
    EXPECT_GE(after, minutes(27));  // 30 min - 10 %
    EXPECT_LE(after, minutes(33));  // 30 min + 10 %
    seen.insert(after);
  }
  EXPECT_GT(seen.size(), 150U);
}

}  // namespace
}  // namespace surety
