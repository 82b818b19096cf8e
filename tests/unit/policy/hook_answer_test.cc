#include "agent/policy/hook_answer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>

namespace surety {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr std::array kOthers{Verdict::kRefuse, Verdict::kChallenge, Verdict::kUndecided};

Decision Allowed() {
  Decision out;
  out.verdict = Verdict::kAllow;
  out.reason = "entry_matched";
  out.policies = {"entry"};
  out.observed = {"seen"};
  out.obligations.ttl_cap = Seconds(600);
  out.facts = "{}";
  return out;
}

HookAnswer Says(Verdict verdict, std::string reason = {}, Obligations obligations = {}) {
  return {.verdict = verdict, .reason = std::move(reason), .obligations = obligations};
}

std::string WrongWith(const HookAnswer& answer) {
  const auto checked = CheckAnswer(answer);
  return checked ? "" : checked.error().Text();
}

TEST(HookAnswerTest, AllowChangesNothing) {
  EXPECT_EQ(Tightened(Allowed(), Says(Verdict::kAllow)), Allowed());
  EXPECT_EQ(Tightened(Allowed(), Says(Verdict::kAllow, "fine")), Allowed());
}

TEST(HookAnswerTest, TheShorterCapCounts) {
  const auto shorter = Tightened(Allowed(), Says(Verdict::kAllow, "", {.ttl_cap = Seconds(60)}));
  EXPECT_EQ(shorter.obligations.ttl_cap, Seconds(60));
  EXPECT_THAT(shorter.policies, ElementsAre("entry", "hook"));
  EXPECT_EQ(shorter.verdict, Verdict::kAllow);
  EXPECT_EQ(shorter.reason, "entry_matched");
  const auto longer = Tightened(Allowed(), Says(Verdict::kAllow, "", {.ttl_cap = Seconds(6'000)}));
  EXPECT_EQ(longer.obligations.ttl_cap, Seconds(600));
}

TEST(HookAnswerTest, AnAlertIsObserved) {
  const auto named =
      Tightened(Allowed(), Says(Verdict::kAllow, "odd", {.ttl_cap = {}, .alert = true}));
  EXPECT_THAT(named.observed, ElementsAre("seen", "hook.odd"));
  EXPECT_TRUE(named.obligations.alert);
  EXPECT_EQ(named.reason, "entry_matched");
  const auto bare = Tightened(Allowed(), Says(Verdict::kAllow, "", {.ttl_cap = {}, .alert = true}));
  EXPECT_THAT(bare.observed, ElementsAre("seen", "hook"));
}

TEST(HookAnswerTest, AnythingElseTakesThePlaceOfTheAllow) {
  for (const Verdict verdict : kOthers) {
    const auto decision = Tightened(Allowed(), Says(verdict, "why"));
    EXPECT_EQ(decision.verdict, verdict);
    EXPECT_EQ(decision.reason, "hook.why");
    EXPECT_THAT(decision.policies, ElementsAre("hook"));
    EXPECT_THAT(decision.observed, ElementsAre("seen"));
    EXPECT_EQ(decision.obligations, Obligations());
    EXPECT_EQ(decision.facts, "{}");
    EXPECT_EQ(Tightened(Allowed(), Says(verdict)).reason, "hook." + std::string(NameOf(verdict)));
  }
}

TEST(HookAnswerTest, RefusalsPunish) {
  const auto revoked =
      Tightened(Allowed(), Says(Verdict::kRefuse, "why", {.ttl_cap = {}, .revoke = true}));
  EXPECT_EQ(revoked.obligations, (Obligations{.ttl_cap = {}, .revoke = true}));
  const auto put_away = Tightened(
      Allowed(), Says(Verdict::kRefuse, "why",
                      {.ttl_cap = {}, .quarantine = true, .quarantine_for = Seconds(3'600)}));
  EXPECT_EQ(put_away.obligations, (Obligations{.ttl_cap = {},
                                               .revoke = true,
                                               .quarantine = true,
                                               .quarantine_for = Seconds(3'600),
                                               .alert = true}));
}

TEST(HookAnswerTest, WatchingAddsNamesAlone) {
  for (const Verdict verdict : kOthers) {
    Decision expected = Allowed();
    expected.observed.emplace_back("hook.why");
    EXPECT_EQ(Watched(Allowed(), Says(verdict, "why", {.ttl_cap = {}, .revoke = true})), expected);
  }
  EXPECT_EQ(Watched(Allowed(), Says(Verdict::kAllow, "", {.ttl_cap = Seconds(60)})), Allowed());
  EXPECT_THAT(
      Watched(Allowed(), Says(Verdict::kAllow, "odd", {.ttl_cap = {}, .alert = true})).observed,
      ElementsAre("seen", "hook.odd"));
}

TEST(HookAnswerTest, NoAnswerIsNoAllow) {
  const Error why(ErrorCode::kDeadline, "/h.sock: no answer in time");
  for (const Verdict verdict : {Verdict::kUndecided, Verdict::kRefuse}) {
    const auto decision = Unanswered(Allowed(), verdict, why);
    EXPECT_EQ(decision.verdict, verdict);
    EXPECT_EQ(decision.reason, "hook.unavailable");
    EXPECT_THAT(decision.policies, ElementsAre("hook"));
    EXPECT_THAT(decision.errors, ElementsAre("hook: /h.sock: no answer in time"));
    EXPECT_EQ(decision.obligations, Obligations());
  }
  const auto watched = UnansweredWatched(Allowed(), why);
  EXPECT_EQ(watched.verdict, Verdict::kAllow);
  EXPECT_THAT(watched.observed, ElementsAre("seen", "hook.unavailable"));
  EXPECT_THAT(watched.errors, ElementsAre("hook: /h.sock: no answer in time"));
}

TEST(HookAnswerTest, WhatMayBeSaid) {
  for (const auto& answer :
       {Says(Verdict::kAllow), Says(Verdict::kAllow, std::string(kMaxHookReasonBytes, 'a')),
        Says(Verdict::kAllow, "", {.ttl_cap = Seconds(10), .alert = true}),
        Says(Verdict::kRefuse, "A.b_c-9", {.ttl_cap = {}, .revoke = true}),
        Says(Verdict::kRefuse, "", {.ttl_cap = {}, .quarantine = true}),
        Says(Verdict::kRefuse, "",
             {.ttl_cap = {}, .quarantine = true, .quarantine_for = Seconds(1)}),
        Says(Verdict::kChallenge, "", {.ttl_cap = {}, .alert = true}), Says(Verdict::kUndecided)})
    EXPECT_THAT(WrongWith(answer), IsEmpty()) << answer.reason;
}

TEST(HookAnswerTest, WhatMayNotBeSaid) {
  for (const auto* reason : {"two words", "line\n", "\x1b[1m", "caf\xc3\xa9", "a/b"})
    EXPECT_THAT(WrongWith(Says(Verdict::kAllow, reason)), HasSubstr("token")) << reason;
  EXPECT_THAT(WrongWith(Says(Verdict::kAllow, std::string(kMaxHookReasonBytes + 1, 'a'))),
              HasSubstr("at most 64"));
  for (const Verdict verdict : kOthers)
    EXPECT_THAT(WrongWith(Says(verdict, "", {.ttl_cap = Seconds(60)})), HasSubstr("caps"));
  for (const auto cap : {Seconds(0), Seconds(9), Seconds(30 * 86'400 + 1), Seconds::max()})
    EXPECT_THAT(WrongWith(Says(Verdict::kAllow, "", {.ttl_cap = cap})), HasSubstr("10 s to 30 d"));
  for (const Verdict verdict : {Verdict::kAllow, Verdict::kChallenge, Verdict::kUndecided}) {
    EXPECT_THAT(WrongWith(Says(verdict, "", {.ttl_cap = {}, .revoke = true})),
                HasSubstr("punishes"));
    EXPECT_THAT(WrongWith(Says(verdict, "", {.ttl_cap = {}, .quarantine = true})),
                HasSubstr("punishes"));
  }
  EXPECT_THAT(WrongWith(Says(Verdict::kRefuse, "", {.ttl_cap = {}, .quarantine_for = Seconds(60)})),
              HasSubstr("without one"));
  EXPECT_THAT(
      WrongWith(Says(Verdict::kRefuse, "",
                     {.ttl_cap = {}, .quarantine = true, .quarantine_for = Seconds::max()})),
      HasSubstr("3650 d"));
}

}  // namespace
}  // namespace surety
