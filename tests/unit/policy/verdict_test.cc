#include "agent/policy/verdict.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace surety {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr PlainQuestion kPlain{.complete = true, .entry_matched = true};

Rule Permit(std::string id, std::optional<Seconds> cap = {}) {
  Rule out;
  out.reason = "said." + id;
  out.id = std::move(id);
  out.permits = true;
  out.ttl_cap = cap;
  return out;
}

Rule Forbid(std::string id, Response response, std::optional<Seconds> duration = {}) {
  Rule out;
  out.reason = "said." + id;
  out.id = std::move(id);
  out.response = response;
  out.duration = duration;
  return out;
}

Rule Monitored(Rule rule) {
  rule.monitored = true;
  return rule;
}

/// All of the rules hold.
Decision Holding(const std::vector<Rule>& rules, PolicyMode mode = PolicyMode::kEnforce,
                 PlainQuestion question = kPlain) {
  CedarAnswer answer;
  for (std::uint32_t i = 0; i < rules.size(); ++i) answer.holding.push_back(i);
  return DecisionFrom(rules, answer, mode, question);
}

/// The first cannot be evaluated, the others hold.
Decision FirstFails(const std::vector<Rule>& rules, PolicyMode mode = PolicyMode::kEnforce) {
  CedarAnswer answer;
  answer.failed.push_back({0, "overflow"});
  for (std::uint32_t i = 1; i < rules.size(); ++i) answer.holding.push_back(i);
  return DecisionFrom(rules, answer, mode, kPlain);
}

TEST(Verdict, WithoutAPermitTheAnswerIsNo) {
  const Decision decision = Holding({});
  EXPECT_EQ(decision.verdict, Verdict::kRefuse);
  EXPECT_EQ(decision.reason, "not_permitted");
  EXPECT_THAT(decision.policies, IsEmpty());
}

TEST(Verdict, APermitAllowsWithTheSmallestCap) {
  const Decision decision =
      Holding({Permit("b", Seconds(600)), Permit("c"), Permit("a", Seconds(300))});
  EXPECT_EQ(decision.verdict, Verdict::kAllow);
  EXPECT_EQ(decision.reason, "said.a");
  EXPECT_THAT(decision.policies, ElementsAre("a", "b", "c"));
  EXPECT_EQ(decision.obligations, (Obligations{.ttl_cap = Seconds(300)}));
}

TEST(Verdict, AForbidBeatsEveryPermit) {
  const Decision decision = Holding({Permit("a", Seconds(60)), Forbid("z", Response::kRefuse)});
  EXPECT_EQ(decision.verdict, Verdict::kRefuse);
  EXPECT_EQ(decision.reason, "said.z");
  EXPECT_THAT(decision.policies, ElementsAre("z"));
  EXPECT_EQ(decision.obligations, Obligations{});
}

TEST(Verdict, TheStrongestResponseGivesTheReason) {
  const std::vector<Rule> rules{Forbid("a", Response::kChallenge),
                                Forbid("b", Response::kUndecided), Forbid("c", Response::kRefuse),
                                Forbid("d", Response::kRevoke),
                                Forbid("e", Response::kQuarantine, Seconds(60))};
  const std::vector<Verdict> verdicts{Verdict::kChallenge, Verdict::kUndecided, Verdict::kRefuse,
                                      Verdict::kRefuse, Verdict::kRefuse};
  for (std::size_t count = 1; count <= rules.size(); ++count) {
    const auto end = rules.begin() + static_cast<std::ptrdiff_t>(count);
    const Decision decision = Holding({rules.begin(), end});
    EXPECT_EQ(decision.verdict, verdicts[count - 1]);
    EXPECT_EQ(decision.reason, rules[count - 1].reason);
    EXPECT_EQ(decision.policies.size(), count);
    EXPECT_EQ(decision.policies.front(), rules[count - 1].id);
  }
}

TEST(Verdict, OfEqualResponsesTheFirstIdGivesTheReason) {
  EXPECT_EQ(Holding({Forbid("b", Response::kRevoke), Forbid("a", Response::kRevoke)}).reason,
            "said.a");
}

TEST(Verdict, SanctionsAddUp) {
  Decision decision = Holding({Forbid("a", Response::kRevoke)});
  EXPECT_EQ(decision.obligations, (Obligations{.ttl_cap = {}, .revoke = true}));
  decision = Holding({Forbid("a", Response::kQuarantine, Seconds(60)),
                      Forbid("b", Response::kQuarantine, Seconds(3600))});
  EXPECT_EQ(decision.obligations, (Obligations{.ttl_cap = {},
                                               .revoke = true,
                                               .quarantine = true,
                                               .quarantine_for = Seconds(3600),
                                               .alert = true}));
  for (const bool first : {true, false}) {
    std::vector<Rule> rules{Forbid("a", Response::kQuarantine, Seconds(60)),
                            Forbid("b", Response::kQuarantine)};
    if (!first) std::swap(rules[0].duration, rules[1].duration);
    EXPECT_EQ(Holding(rules).obligations.quarantine_for, std::nullopt) << "for ever is longer";
  }
}

TEST(Verdict, AlertsChangeNoVerdictButTellAndCap) {
  Rule alert = Forbid("x", Response::kAlert);
  alert.ttl_cap = Seconds(120);
  Decision decision = Holding({Permit("a", Seconds(300)), alert});
  EXPECT_EQ(decision.verdict, Verdict::kAllow);
  EXPECT_THAT(decision.policies, ElementsAre("a"));
  EXPECT_THAT(decision.observed, ElementsAre("x"));
  EXPECT_EQ(decision.obligations, (Obligations{.ttl_cap = Seconds(120), .alert = true}));
  decision = Holding({Forbid("r", Response::kRefuse), alert});
  EXPECT_EQ(decision.reason, "said.r");
  EXPECT_EQ(decision.obligations, (Obligations{.ttl_cap = {}, .alert = true}));
}

TEST(Verdict, MonitoredPoliciesAreOnlyObserved) {
  Rule alert = Monitored(Forbid("x", Response::kAlert));
  alert.ttl_cap = Seconds(10);
  const Decision decision = Holding({Permit("a"), Monitored(Forbid("q", Response::kQuarantine)),
                                     alert, Monitored(Permit("p", Seconds(10)))});
  EXPECT_EQ(decision.verdict, Verdict::kAllow);
  EXPECT_THAT(decision.policies, ElementsAre("a"));
  EXPECT_THAT(decision.observed, ElementsAre("p", "q", "x"));
  EXPECT_EQ(decision.obligations, Obligations{});
  EXPECT_EQ(Holding({Monitored(Permit("p"))}).reason, "not_permitted");
}

// ---- Errors never allow ----

TEST(VerdictOfErrors, AFailingPolicyNeverLetsAPermitThrough) {
  for (const Rule& failing :
       {Permit("e"), Forbid("e", Response::kChallenge), Forbid("e", Response::kQuarantine)}) {
    const Decision decision = FirstFails({failing, Permit("a")});
    EXPECT_EQ(decision.verdict, Verdict::kUndecided);
    EXPECT_EQ(decision.reason, "policy_error");
    EXPECT_THAT(decision.errors, ElementsAre("e: overflow"));
    EXPECT_THAT(decision.policies, IsEmpty());
    EXPECT_EQ(decision.obligations, Obligations{});
  }
}

TEST(VerdictOfErrors, AFailingPolicyShieldsNobodyFromAnother) {
  EXPECT_EQ(FirstFails({Permit("e"), Forbid("q", Response::kQuarantine)}).reason, "said.q");
  EXPECT_EQ(FirstFails({Permit("e"), Forbid("r", Response::kRefuse)}).verdict, Verdict::kRefuse);
  EXPECT_EQ(FirstFails({Permit("e"), Forbid("u", Response::kUndecided)}).reason, "said.u");
  EXPECT_EQ(FirstFails({Permit("e"), Forbid("c", Response::kChallenge)}).reason, "policy_error");
}

TEST(VerdictOfErrors, WatchersThatFailAreTold) {
  for (const Rule& failing : {Forbid("e", Response::kAlert), Monitored(Permit("e")),
                              Monitored(Forbid("e", Response::kRevoke))}) {
    const Decision decision = FirstFails({failing, Permit("a")});
    EXPECT_EQ(decision.verdict, Verdict::kAllow);
    EXPECT_THAT(decision.errors, ElementsAre("e: overflow"));
  }
}

TEST(VerdictOfErrors, FactsThatCannotBeAskedWithAreUndecided) {
  const Decision decision = CouldNotAsk(Error(ErrorCode::kInternal, "a fault"));
  EXPECT_EQ(decision.verdict, Verdict::kUndecided);
  EXPECT_EQ(decision.reason, "policy_error");
  EXPECT_THAT(decision.errors, ElementsAre("a fault"));
}

// ---- Monitor mode ----

TEST(VerdictInMonitorMode, TheEntryAloneDecides) {
  const std::vector<Rule> rules{Permit("a", Seconds(60)), Forbid("q", Response::kQuarantine),
                                Forbid("r", Response::kRefuse), Forbid("x", Response::kAlert)};
  Decision decision = Holding(rules, PolicyMode::kMonitor);
  EXPECT_EQ(decision.verdict, Verdict::kAllow);
  EXPECT_EQ(decision.reason, "entry_matched");
  EXPECT_THAT(decision.policies, IsEmpty());
  EXPECT_THAT(decision.observed, ElementsAre("q", "r", "x"));
  EXPECT_EQ(decision.obligations, (Obligations{.ttl_cap = {}, .alert = true}));
  decision = Holding(rules, PolicyMode::kMonitor, {.complete = true, .entry_matched = false});
  EXPECT_EQ(decision.verdict, Verdict::kRefuse);
  EXPECT_EQ(decision.reason, "no_entry");
  decision = Holding(rules, PolicyMode::kMonitor, {.complete = false, .entry_matched = true});
  EXPECT_EQ(decision.verdict, Verdict::kUndecided);
  EXPECT_EQ(decision.reason, "facts_missing");
}

TEST(VerdictInMonitorMode, WhatNoPolicySaidIsObservedToo) {
  EXPECT_THAT(Holding({}, PolicyMode::kMonitor).observed, ElementsAre("not_permitted"));
  EXPECT_THAT(Holding({Permit("a")}, PolicyMode::kMonitor).observed, IsEmpty());
  const Decision decision = FirstFails({Permit("e"), Permit("a")}, PolicyMode::kMonitor);
  EXPECT_EQ(decision.verdict, Verdict::kAllow);
  EXPECT_THAT(decision.observed, ElementsAre("policy_error"));
  EXPECT_THAT(decision.errors, ElementsAre("e: overflow"));
}

}  // namespace
}  // namespace surety
