// Calls for tokens: the same walk, asked for every one of them.

#include "tests/flow/session_fixture.h"

namespace surety {
namespace {

using std::chrono::seconds;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class TokenTest : public SessionTest {
 protected:
  Result<Session::Turn> Ask(TokenRequest request, bool svids = false) {
    const std::vector<Session::TokenAsk> asks{
        {.request = std::make_shared<const TokenRequest>(std::move(request))}};
    return session_.Step(now_, {.svids = svids, .tokens = asks});
  }
  Session::TokenAnswer AnswerTo(TokenRequest request, bool svids = false) {
    auto turn = Ask(std::move(request), svids);
    if (turn && turn->tokens.size() == 1) return std::move(turn->tokens.front());
    ADD_FAILURE() << "there is no answer";
    return {};
  }
  static std::vector<std::string> TextsOf(const Session::TokenAnswer& answer) {
    std::vector<std::string> texts;
    for (const JwtSvid& one : answer.tokens)
      texts.emplace_back(one.token.Reveal().begin(), one.token.Reveal().end());
    return texts;
  }
  void AllowOnly(const std::string& audience) {
    auto entry = *entries_.entries.front();
    entry.jwt_audiences = {audience};
    entries_.entries.front() = std::make_shared<Entry>(std::move(entry));
  }
};

TEST_F(TokenTest, EachIdentityGetsOneForTheAudiencesThatWereAskedFor) {
  AddEntry("spare", {{"unix", "uid:1001"}});
  const auto answer = AnswerTo({.audiences = {"a", "b"}});
  EXPECT_EQ(answer.outcome.verdict, Verdict::kAllow);
  EXPECT_THAT(TextsOf(answer), ElementsAre("web a b", "spare a b"));
  EXPECT_EQ(policy_.last_action, Action::kToken);
  EXPECT_THAT(policy_.last_audiences, ElementsAre("a", "b"));
}

TEST_F(TokenTest, TheRecordNamesEachAndComesFirst) {
  const auto answer = AnswerTo({.audiences = {"a"}});
  ASSERT_THAT(audit_.lines, SizeIs(1));
  EXPECT_EQ(audit_.lines[0].action, Action::kToken);
  EXPECT_THAT(audit_.lines[0].audiences, ElementsAre("a"));
  EXPECT_THAT(audit_.lines[0].tokens, ElementsAre(answer.tokens.front().token_id));

  audit_.broken = true;
  const auto unrecorded = AnswerTo({.audiences = {"a"}});
  EXPECT_EQ(unrecorded.outcome.verdict, Verdict::kUndecided);
  EXPECT_THAT(unrecorded.tokens, IsEmpty());
}

TEST_F(TokenTest, EveryCallGetsAndRecordsATokenOfItsOwn) {
  const auto first = AnswerTo({.audiences = {"a"}});
  const auto second = AnswerTo({.audiences = {"a"}});
  EXPECT_NE(first.tokens.front().token_id, second.tokens.front().token_id);
  EXPECT_THAT(audit_.lines, SizeIs(2));
  EXPECT_EQ(history_.counted[Happening::kSvid], 2);
  EXPECT_EQ(history_.counted[Happening::kStream], 2);
}

TEST_F(TokenTest, AnIdentityByNameAlone) {
  AddEntry("spare", {{"unix", "uid:1001"}});
  TokenRequest request{.audiences = {"a"}};
  request.spiffe_id = *SpiffeId::Parse("spiffe://example.org/spare");
  EXPECT_THAT(TextsOf(AnswerTo(request)), ElementsAre("spare a"));
  request.spiffe_id = *SpiffeId::Parse("spiffe://example.org/db");
  const auto other = AnswerTo(request);
  EXPECT_EQ(other.outcome.verdict, Verdict::kRefuse);
  EXPECT_THAT(other.outcome.reason, HasSubstr("no_entry"));
}

TEST_F(TokenTest, NoPolicyGrantsAnAudienceThatTheEntryDoesNotList) {
  AllowOnly("a");
  EXPECT_EQ(AnswerTo({.audiences = {"a"}}).outcome.verdict, Verdict::kAllow);
  for (const std::vector<std::string>& audiences :
       {std::vector<std::string>{"b"}, std::vector<std::string>{"a", "b"}}) {
    const auto answer = AnswerTo({.audiences = audiences});
    EXPECT_EQ(answer.outcome.verdict, Verdict::kRefuse);
    EXPECT_THAT(answer.outcome.reason, HasSubstr("audience_not_listed"));
    EXPECT_THAT(answer.tokens, IsEmpty());
  }
  EXPECT_EQ(tokens_.count, 1);
}

TEST_F(TokenTest, AnEntryThatListsTheAudienceIsEnough) {
  AllowOnly("a");
  AddEntry("any", {{"unix", "uid:1001"}});
  EXPECT_THAT(TextsOf(AnswerTo({.audiences = {"b"}})), ElementsAre("any b"));
}

TEST_F(TokenTest, PinsWhatTheProcessIsAsAnSvidDoes) {
  ASSERT_TRUE(Ask({.audiences = {"a"}}));
  EXPECT_THAT(ledger_.pinned, SizeIs(1));
  EXPECT_THAT(watcher_.followed, SizeIs(1));
  See({{"unix", "uid:1001"}, {"unix", "path:/usr/bin/other"}});
  ASSERT_TRUE(Ask({.audiences = {"a"}}));
  EXPECT_THAT(policy_.last_drift.Kinds(), ElementsAre("unix:path"));
}

TEST_F(TokenTest, ARefusedTokenLeavesTheSvidsUnlessItPunishes) {
  AllowOnly("a");
  const auto serials = Serials();
  const auto turn = Ask({.audiences = {"b"}}, /*svids=*/true);
  ASSERT_TRUE(turn && turn->svid_update);
  EXPECT_EQ(turn->tokens.front().outcome.verdict, Verdict::kRefuse);
  EXPECT_EQ(turn->svid_update->svids.front()->serial, serials.front());
  EXPECT_THAT(sanctions_.ordered, IsEmpty());

  auto jump = Answer(Verdict::kRefuse, "drift.executable");
  jump.obligations.quarantine = true;
  policy_.answers["web"] = jump;
  ASSERT_TRUE(Ask({.audiences = {"a"}}));
  EXPECT_TRUE(session_.held_ids().empty());
  EXPECT_THAT(sanctions_.ordered, Contains(HasSubstr("quarantine web drift.executable")));
}

TEST_F(TokenTest, WhoCannotBeToldWaitsAndIsAskedForAgain) {
  policy_.answers["web"] = Answer(Verdict::kUndecided, "facts_missing");
  auto turn = Ask({.audiences = {"a"}});
  ASSERT_TRUE(turn && turn->next);
  EXPECT_EQ(*turn->next, now_.boot + rules_.first_retry);
  EXPECT_EQ(turn->tokens.front().outcome.verdict, Verdict::kUndecided);
  Advance(seconds(1));
  turn = Ask({.audiences = {"a"}});
  EXPECT_EQ(*turn->next, now_.boot + 2 * rules_.first_retry);
  policy_.answers.clear();
  EXPECT_EQ(AnswerTo({.audiences = {"a"}}).outcome.verdict, Verdict::kAllow);
}

TEST_F(TokenTest, WithoutAKeyItWaits) {
  tokens_.down = true;
  const auto answer = AnswerTo({.audiences = {"a"}});
  EXPECT_EQ(answer.outcome.verdict, Verdict::kUndecided);
  EXPECT_THAT(answer.outcome.reason, HasSubstr("no key"));
}

TEST_F(TokenTest, AChallengeIsPassedBesideThatOfTheSvids) {
  policy_.answers["web"] = Answer(Verdict::kChallenge, "risk.high");
  policy_.after_challenge = Answer(Verdict::kAllow, "allowed");
  for (int looks = 0; looks < 2; ++looks) {
    const auto turn = Ask({.audiences = {"a"}}, /*svids=*/true);
    ASSERT_TRUE(turn && turn->next);
    EXPECT_EQ(turn->tokens.front().outcome.verdict, Verdict::kUndecided);
    EXPECT_FALSE(turn->svid_update);
    now_.boot = *turn->next;
  }
  const auto turn = Ask({.audiences = {"a"}}, /*svids=*/true);
  ASSERT_TRUE(turn);
  EXPECT_EQ(attestor_->forgotten, 2);
  EXPECT_TRUE(turn->svid_update);
  EXPECT_THAT(TextsOf(turn->tokens.front()), ElementsAre("web a"));
}

TEST_F(TokenTest, AChallengeWaitsForFactsThatTakeLong) {
  const auto challenge = Answer(Verdict::kChallenge, "risk.high");
  policy_.after_challenge = Answer(Verdict::kAllow, "allowed");
  for (int looks = 0; looks < 2; ++looks) {
    policy_.answers["web"] = challenge;
    auto turn = Ask({.audiences = {"a"}});
    ASSERT_TRUE(turn && turn->next);
    now_.boot = *turn->next;
    SeeMissing("unix:sha256");
    policy_.answers["web"] = Answer(Verdict::kUndecided, "facts_missing");
    turn = Ask({.audiences = {"a"}});
    ASSERT_TRUE(turn && turn->next);
    now_.boot = *turn->next;
    attestor_->answer.missing.clear();
  }
  policy_.answers["web"] = challenge;
  EXPECT_THAT(TextsOf(AnswerTo({.audiences = {"a"}})), ElementsAre("web a"));
  EXPECT_EQ(attestor_->forgotten, 2);
}

TEST_F(TokenTest, LivesNoLongerThanThePolicyAllows) {
  auto capped = Answer(Verdict::kAllow, "allowed");
  capped.obligations.ttl_cap = Seconds(60);
  policy_.answers["web"] = capped;
  const auto answer = AnswerTo({.audiences = {"a"}});
  EXPECT_EQ(answer.tokens.front().expires_at - answer.tokens.front().issued_at, Seconds(60));
}

TEST_F(TokenTest, TooManyCallsGetNothing) {
  gate_.left = 0;
  const auto turn = Ask({.audiences = {"a"}});
  ASSERT_TRUE(turn);
  EXPECT_TRUE(turn->crowded);
  EXPECT_THAT(turn->tokens, IsEmpty());
  EXPECT_EQ(tokens_.count, 0);
}

TEST_F(TokenTest, OneThatWasLetInIsNotCountedAgain) {
  const std::vector<Session::TokenAsk> asks{
      {.request = std::make_shared<const TokenRequest>(TokenRequest{.audiences = {"a"}}),
       .newcomer = false}};
  gate_.left = 0;
  const auto turn = session_.Step(now_, {.tokens = asks});
  ASSERT_TRUE(turn);
  EXPECT_EQ(turn->tokens.front().outcome.verdict, Verdict::kAllow);
}

TEST_F(TokenTest, WhoIsGoneGetsNone) {
  attestor_->before = [this] { process_->alive = false; };
  const auto turn = Ask({.audiences = {"a"}});
  ASSERT_FALSE(turn);
  EXPECT_EQ(turn.error().code(), ErrorCode::kPeerGone);
}

TEST_F(TokenTest, BundlesOfBothKindsComeByOneDecision) {
  const auto turn = session_.Step(now_, {.bundles = true, .newcomers = 1});
  ASSERT_TRUE(turn);
  EXPECT_EQ(turn->token_bundle_update, tokens_.bundles);
  EXPECT_EQ(turn->bundle_update, bundles_.bundles);
  EXPECT_EQ(policy_.last_action, Action::kBundles);
}

}  // namespace
}  // namespace surety
