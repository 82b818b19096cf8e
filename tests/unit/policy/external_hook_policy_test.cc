#include "agent/policy/external_hook_policy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/fakes/fake_clock.h"
#include "tests/fakes/scripted_hook.h"
#include "tests/unit/policy/policy_support.h"

namespace surety {
namespace {

using std::chrono::milliseconds;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

/// Decides what the test last put into `decision`.
class SetPolicy final : public Policy {
 public:
  Decision Decide(const PolicyRequest& /*request*/) const override { return decision; }
  [[nodiscard]] std::string revision() const override { return "r7"; }
  Decision decision;
};

class ExternalHookPolicyTest : public testing::Test {
 protected:
  ExternalHookPolicyTest() {
    inner_.decision.verdict = Verdict::kAllow;
    inner_.decision.reason = "entry_matched";
    inner_.decision.policies = {"entry"};
    inner_.decision.facts = "{\"action\":\"rotate\"}";
  }
  ExternalHookPolicy Made() {
    return {inner_,
            hook_,
            clock_,
            settings_,
            {.failed = [this](const std::string& why) { failures_.push_back(why); },
             .answers_again = [this](BootClock::duration after) { outages_.push_back(after); }}};
  }

  SetPolicy inner_;
  fakes::ScriptedHook hook_;
  FakeClock clock_;
  ExternalHookSettings settings_;
  std::vector<std::string> failures_;
  std::vector<BootClock::duration> outages_;
  Question question_;
};

TEST_F(ExternalHookPolicyTest, AsksWithTheFactsAndSaysHowLongItTook) {
  settings_.timeout = milliseconds(70);
  hook_.before = [this] { clock_.Advance(milliseconds(3)); };
  const auto policy = Made();
  Decision expected = inner_.decision;
  expected.hook_took = milliseconds(3);
  EXPECT_EQ(policy.Decide(question_.Request()), expected);
  EXPECT_THAT(hook_.asked, ElementsAre("spiffe://example.org/web"));
  EXPECT_EQ(hook_.facts, inner_.decision.facts);
  EXPECT_EQ(hook_.waits, milliseconds(70));
  EXPECT_EQ(policy.revision(), "r7");
}

TEST_F(ExternalHookPolicyTest, NeverAsksWhereThePoliciesDoNotAllow) {
  const auto policy = Made();
  for (const Verdict verdict : {Verdict::kRefuse, Verdict::kChallenge, Verdict::kUndecided}) {
    inner_.decision.verdict = verdict;
    EXPECT_EQ(policy.Decide(question_.Request()), inner_.decision);
  }
  EXPECT_THAT(hook_.asked, IsEmpty());
}

TEST_F(ExternalHookPolicyTest, IsNotAskedAboutBundlesOrWithoutAnEntry) {
  const auto policy = Made();
  hook_.answer = HookAnswer{.verdict = Verdict::kRefuse};
  Question bundles;
  bundles.action = Action::kBundles;
  EXPECT_EQ(policy.Decide(bundles.Request()), inner_.decision);
  EXPECT_EQ(policy.Decide(Question().WithoutEntry().Request()), inner_.decision);
  EXPECT_THAT(hook_.asked, IsEmpty());
}

TEST_F(ExternalHookPolicyTest, ARefusalIsOne) {
  hook_.answer = HookAnswer{.verdict = Verdict::kRefuse, .reason = "on_the_list"};
  const auto decision = Made().Decide(question_.Request());
  EXPECT_EQ(decision.verdict, Verdict::kRefuse);
  EXPECT_EQ(decision.reason, "hook.on_the_list");
}

TEST_F(ExternalHookPolicyTest, WithoutAnAnswerNothingIsGiven) {
  hook_.answer = Error(ErrorCode::kDeadline, "/h.sock: no answer in time");
  const auto decision = Made().Decide(question_.Request());
  EXPECT_EQ(decision.verdict, Verdict::kUndecided);
  EXPECT_EQ(decision.reason, "hook.unavailable");
  EXPECT_THAT(failures_, ElementsAre("/h.sock: no answer in time"));

  settings_.on_failure = Verdict::kRefuse;
  EXPECT_EQ(Made().Decide(question_.Request()).verdict, Verdict::kRefuse);
}

TEST_F(ExternalHookPolicyTest, AnAnswerThatMayNotBeGivenIsNone) {
  hook_.answer =
      HookAnswer{.verdict = Verdict::kAllow, .obligations = {.ttl_cap = {}, .revoke = true}};
  const auto policy = Made();
  EXPECT_EQ(policy.Decide(question_.Request()).reason, "hook.unavailable");
  EXPECT_THAT(policy.Degraded(), HasSubstr("cannot be used"));
}

TEST_F(ExternalHookPolicyTest, AHookThatFailsIsAskedSeldomAndToldOnce) {
  const auto policy = Made();
  hook_.answer = Error(ErrorCode::kDeadline, "no answer in time");
  EXPECT_EQ(policy.Degraded(), "");
  for (int i = 0; i < 50; ++i) {
    const auto decision = policy.Decide(question_.Request());
    EXPECT_EQ(decision.verdict, Verdict::kUndecided);
    EXPECT_EQ(decision.hook_took.has_value(), i == 0);
    EXPECT_THAT(decision.errors, ElementsAre(HasSubstr("no answer in time")));
  }
  EXPECT_EQ(hook_.asked.size(), 1U);
  EXPECT_EQ(failures_.size(), 1U);
  EXPECT_EQ(policy.Degraded(),
            "the hook does not answer, and nothing new is issued: no answer in time");

  clock_.Advance(HookGate::kFirstPause);
  hook_.answer = HookAnswer{.verdict = Verdict::kAllow};
  EXPECT_EQ(policy.Decide(question_.Request()).verdict, Verdict::kAllow);
  EXPECT_EQ(policy.Degraded(), "");
  EXPECT_THAT(outages_, ElementsAre(HookGate::kFirstPause));
}

TEST_F(ExternalHookPolicyTest, SoManyAskAtOneTimeAndTheOthersDoNotWait) {
  settings_.most_questions = 1;
  const auto policy = Made();
  Decision other;
  hook_.before = [&] { other = policy.Decide(question_.Request()); };
  EXPECT_EQ(policy.Decide(question_.Request()).verdict, Verdict::kAllow);
  EXPECT_EQ(hook_.asked.size(), 1U);
  EXPECT_EQ(other.verdict, Verdict::kUndecided);
  EXPECT_THAT(failures_, IsEmpty());
}

TEST_F(ExternalHookPolicyTest, InMonitorModeItOnlyWatches) {
  settings_.mode = PolicyMode::kMonitor;
  settings_.on_failure = Verdict::kRefuse;
  const auto policy = Made();
  hook_.answer = HookAnswer{.verdict = Verdict::kRefuse, .reason = "odd"};
  auto decision = policy.Decide(question_.Request());
  EXPECT_EQ(decision.verdict, Verdict::kAllow);
  EXPECT_THAT(decision.observed, ElementsAre("hook.odd"));
  hook_.answer = Error(ErrorCode::kDeadline, "no answer in time");
  decision = policy.Decide(question_.Request());
  EXPECT_EQ(decision.verdict, Verdict::kAllow);
  EXPECT_THAT(decision.observed, ElementsAre("hook.unavailable"));
}

}  // namespace
}  // namespace surety
