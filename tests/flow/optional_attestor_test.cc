// An attestor that others can do without: its silence neither gives nor takes away what
// rests on it, and holds up nothing else.

#include "tests/flow/session_fixture.h"

namespace surety {
namespace {

using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

class OptionalAttestorTest : public SessionTest {
 protected:
  OptionalAttestorTest() {
    auto attestor = std::make_unique<fakes::ScriptedAttestor>("tmux", true);
    tmux_ = attestor.get();
    attestors_.push_back(std::move(attestor));
    AddEntry("work", {{"unix", "uid:1001"}, {"tmux", "session:7"}});
    Answers();
  }
  void Answers(const std::string& session = "7") {
    tmux_->answer = {.selectors = {{"tmux", "session:" + session}}, .missing = {}};
  }
  void IsSilent() {
    tmux_->answer = {};
    tmux_->answer.missing = {{"tmux", Error(ErrorCode::kDeadline, "no answer"), true}};
  }
  // The SPIFFE IDs' last parts that the process has after this turn.
  std::vector<std::string> Ids() {
    const auto turn = Turn();
    EXPECT_TRUE(turn);
    next_ = turn->next;
    if (!turn->svid_update) return {"(" + std::string(NameOf(turn->svids.verdict)) + ")"};
    std::vector<std::string> ids;
    for (const auto& svid : turn->svid_update->svids)
      ids.push_back(svid->id.Text().substr(std::string("spiffe://example.org/").size()));
    return ids;
  }
  fakes::ScriptedAttestor* tmux_ = nullptr;
  std::optional<BootTime> next_;
};

TEST_F(OptionalAttestorTest, ItsSilenceHoldsUpOnlyWhatRestsOnIt) {
  IsSilent();
  EXPECT_THAT(Ids(), ElementsAre("web"));
  EXPECT_TRUE(policy_.last_seen.complete()) << "of web nothing is missing";
  EXPECT_EQ(*next_ - now_.boot, seconds(1));
  Answers();
  EXPECT_THAT(Ids(), ElementsAre("web", "work"));
  EXPECT_TRUE(policy_.last_drift.empty()) << "what was missing at first is no drift";
}

TEST_F(OptionalAttestorTest, WhatIsHeldIsNeitherRenewedNorTakenAway) {
  EXPECT_THAT(Ids(), ElementsAre("web", "work"));
  IsSilent();
  Advance(seconds(400));
  EXPECT_THAT(Ids(), ElementsAre("web", "work"));
  EXPECT_THAT(audit_.lines.back().entries, ElementsAre("web allow", "work undecided"));
  EXPECT_THAT(audit_.lines.back().minted, ElementsAre("s3"));
  EXPECT_EQ(*next_ - now_.boot, rules_.last_retry) << "not at once, again and again";
  Advance(seconds(200));
  EXPECT_THAT(Ids(), ElementsAre("web")) << "work has expired";
  Answers();
  EXPECT_THAT(Ids(), ElementsAre("web", "work"));
}

TEST_F(OptionalAttestorTest, WhatWasRevokedIsNotKept) {
  EXPECT_THAT(Ids(), ElementsAre("web", "work"));
  IsSilent();
  EXPECT_THAT(Ids(), ElementsAre("web", "work"));
  sanctions_.taken.insert("s2");
  EXPECT_THAT(Ids(), ElementsAre("web"));
}

TEST_F(OptionalAttestorTest, SilenceDoesNotHideAJump) {
  EXPECT_THAT(Ids(), ElementsAre("web", "work"));
  IsSilent();
  policy_.answers["work"] = Answer(Verdict::kRefuse, "drift.executable");
  EXPECT_THAT(Ids(), ElementsAre("web"));
}

TEST_F(OptionalAttestorTest, EntryThatIsGoneIsNotKept) {
  EXPECT_THAT(Ids(), ElementsAre("web", "work"));
  IsSilent();
  entries_.entries.pop_back();
  EXPECT_THAT(Ids(), ElementsAre("web"));
}

TEST_F(OptionalAttestorTest, EntryThatOtherFactsDenyIsNotKept) {
  AddEntry("admin", {{"unix", "path:/usr/bin/web"}});
  EXPECT_THAT(Ids(), ElementsAre("web", "work", "admin"));
  IsSilent();
  See({{"unix", "path:/usr/bin/web"}});
  EXPECT_THAT(Ids(), ElementsAre("admin"));
}

TEST_F(OptionalAttestorTest, AnAnswerThatSaysNoTakesItAway) {
  EXPECT_THAT(Ids(), ElementsAre("web", "work"));
  Answers("8");
  EXPECT_THAT(Ids(), ElementsAre("web"));
  EXPECT_TRUE(policy_.last_drift.empty()) << "it is matched, not pinned";
}

TEST_F(OptionalAttestorTest, RefusalOfTheRestIsARefusal) {
  EXPECT_THAT(Ids(), ElementsAre("web", "work"));
  IsSilent();
  policy_.answers["web"] = Answer(Verdict::kRefuse, "drift.user");
  EXPECT_THAT(Ids(), ElementsAre("(refuse)"));
  EXPECT_THAT(session_.held_ids(), IsEmpty());
}

TEST_F(OptionalAttestorTest, WithoutAnyMatchThePolicyIsToldThatItIsMissing) {
  entries_.entries.erase(entries_.entries.begin());
  IsSilent();
  EXPECT_TRUE(Turn());
  EXPECT_FALSE(policy_.last_seen.complete());
}

TEST_F(OptionalAttestorTest, EntryThatPinsItIsToldThatItIsMissing) {
  auto pinning = *entries_.entries[0];
  pinning.pins = {"tmux:session"};
  entries_.entries = {std::make_shared<Entry>(pinning)};
  IsSilent();
  EXPECT_TRUE(Turn());
  EXPECT_FALSE(policy_.last_seen.complete());
}

TEST_F(OptionalAttestorTest, ChallengePassesWithoutIt) {
  IsSilent();
  policy_.answers["web"] = Answer(Verdict::kChallenge, "risk.high");
  policy_.after_challenge = Answer(Verdict::kAllow, "entry_matched");
  std::vector<std::string> ids;
  for (int looks = 0; looks < 4 && ids != std::vector<std::string>{"web"}; ++looks) {
    ids = Ids();
    now_.boot = *next_;
  }
  EXPECT_THAT(ids, ElementsAre("web"));
}

}  // namespace
}  // namespace surety
