#include "agent/policy/policy_engine.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "agent/policy/facts.h"
#include "tests/fakes/fake_clock.h"
#include "tests/unit/policy/policy_files.h"
#include "tests/unit/policy/policy_support.h"

namespace surety {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

const std::string kYes = "@id(\"yes\") @reason(\"yes\") permit (principal, action, resource);\n";
const std::string kNo = "@id(\"no\") @response(\"revoke\") forbid (principal, action, resource);\n";

class PolicyEngineTest : public ::testing::Test {
 protected:
  PolicySettings Settings(PolicyMode mode = PolicyMode::kEnforce) const {
    return {.folder = folder_.path(), .mode = mode, .memory_file = state_ / "policy.json"};
  }
  std::unique_ptr<PolicyEngine> Engine(PolicyMode mode = PolicyMode::kEnforce) const {
    return std::make_unique<PolicyEngine>(Settings(mode), clock_);
  }

  PolicyFiles folder_;
  PolicyFiles state_;
  FakeClock clock_;
  const Question question_;
};

TEST_F(PolicyEngineTest, BeforeALoadNothingIsDecided) {
  const auto engine = Engine();
  const Decision decision = engine->Decide(question_.Request());
  EXPECT_EQ(decision.verdict, Verdict::kUndecided);
  EXPECT_EQ(decision.reason, "policy_missing");
  EXPECT_EQ(engine->revision(), "none");
  EXPECT_EQ(engine->Status().count, 0U);
}

TEST_F(PolicyEngineTest, WithoutAFolderTheBuiltInPolicyDecides) {
  PolicyEngine engine({}, clock_);
  const auto load = engine.Load();
  ASSERT_TRUE(load.ok()) << Summary(load.diagnostics);
  EXPECT_TRUE(load.changed);
  EXPECT_EQ(engine.Decide(question_.Request()).reason, "entry_matched");
  EXPECT_EQ(engine.revision().size(), 16U);
  EXPECT_EQ(load.revision, engine.revision());
  EXPECT_FALSE(engine.Load().changed);
}

TEST_F(PolicyEngineTest, KeepsWhatWasAskedWithTheDecision) {
  PolicyEngine engine({}, clock_);
  EXPECT_EQ(engine.Decide(question_.Request()).facts, FactsOf(question_.Request()));
  ASSERT_TRUE(engine.Load().ok());
  EXPECT_EQ(engine.Decide(question_.Request()).facts, FactsOf(question_.Request()));
}

TEST_F(PolicyEngineTest, ALoadTakesEffectWholeOrNotAtAll) {
  folder_.Write("a.cedar", kYes);
  const auto engine = Engine();
  ASSERT_TRUE(engine->Load().ok());
  const std::string first = engine->revision();
  EXPECT_EQ(engine->Decide(question_.Request()).reason, "yes");

  folder_.Write("b.cedar", kNo + "forbid (");
  auto load = engine->Load();
  EXPECT_FALSE(load.ok());
  EXPECT_FALSE(load.changed);
  EXPECT_EQ(load.count, 1U);
  EXPECT_EQ(engine->revision(), first);
  EXPECT_EQ(engine->Decide(question_.Request()).reason, "yes");
  EXPECT_THAT(engine->Status().last_error, HasSubstr("b.cedar:2"));

  folder_.Write("b.cedar", kNo);
  load = engine->Load();
  EXPECT_TRUE(load.ok());
  EXPECT_TRUE(load.changed);
  EXPECT_NE(engine->revision(), first);
  EXPECT_EQ(engine->Decide(question_.Request()).reason, "no");
  EXPECT_TRUE(engine->Decide(question_.Request()).obligations.revoke);
  EXPECT_EQ(engine->Status().last_error, "");
  EXPECT_EQ(engine->Status().count, 2U);
}

TEST_F(PolicyEngineTest, AnEmptyFolderIsNoPolicy) {
  EXPECT_THAT(Summary(Engine()->Load().diagnostics), HasSubstr("holds no file *.cedar"));
  auto settings = Settings();
  settings.built_in = BuiltIn::kBeneath;
  PolicyEngine engine(settings, clock_);
  EXPECT_TRUE(engine.Load().ok());
}

TEST_F(PolicyEngineTest, TheBuiltInPolicyCanLieBeneath) {
  folder_.Write("a.cedar",
                "@id(\"traced\") @reason(\"mine\") forbid (principal, action, resource);");
  auto settings = Settings();
  settings.built_in = BuiltIn::kBeneath;
  PolicyEngine engine(settings, clock_);
  EXPECT_THAT(engine.Load().replaced, ElementsAre("traced"));
  EXPECT_EQ(engine.Decide(question_.Request()).reason, "mine");
}

TEST_F(PolicyEngineTest, TheRevisionNamesTextsAndMode) {
  folder_.Write("a.cedar", kYes);
  const auto enforce = Engine();
  ASSERT_TRUE(enforce->Load().ok());
  const auto monitor = Engine(PolicyMode::kMonitor);
  ASSERT_TRUE(monitor->Load().ok());
  EXPECT_NE(enforce->revision(), monitor->revision());
  const std::string before = enforce->revision();
  folder_.Write("a.cedar", kYes + " ");
  EXPECT_TRUE(enforce->Load().changed);
  folder_.Write("a.cedar", kYes);
  ASSERT_TRUE(enforce->Load().ok());
  EXPECT_EQ(enforce->revision(), before);
}

TEST_F(PolicyEngineTest, MonitorModeDecidesByTheEntryAndObserves) {
  folder_.Write("a.cedar", kYes + kNo);
  const auto engine = Engine(PolicyMode::kMonitor);
  ASSERT_TRUE(engine->Load().ok());
  const Decision decision = engine->Decide(question_.Request());
  EXPECT_EQ(decision.verdict, Verdict::kAllow);
  EXPECT_EQ(decision.reason, "entry_matched");
  EXPECT_THAT(decision.observed, ElementsAre("no"));
  EXPECT_EQ(decision.obligations, Obligations{});
  EXPECT_EQ(engine->Decide(Question().WithoutEntry().Request()).reason, "no_entry");
  EXPECT_EQ(engine->Status().mode, PolicyMode::kMonitor);
}

// ---- Attack row 53: an older set of policies is put back ----

TEST_F(PolicyEngineTest, ALowerRevisionIsRefused) {
  folder_.Write("a.cedar", kNo);
  folder_.Write("revision.toml", "revision = 7");
  const auto engine = Engine();
  ASSERT_TRUE(engine->Load().ok());
  folder_.Write("a.cedar", kYes);
  folder_.Write("revision.toml", "revision = 6");
  const auto load = engine->Load();
  EXPECT_FALSE(load.ok());
  EXPECT_THAT(Summary(load.diagnostics), HasSubstr("is revision 6, and 7 was in force before"));
  EXPECT_EQ(engine->Decide(question_.Request()).reason, "no");
  EXPECT_EQ(engine->Status().folder_revision, 7);

  folder_.Remove("revision.toml");
  EXPECT_THAT(Summary(engine->Load().diagnostics), HasSubstr("is missing, and revision 7"));
  folder_.Write("revision.toml", "revision = 7");
  EXPECT_TRUE(engine->Load().ok()) << "the same revision may be mended";
  folder_.Write("revision.toml", "revision = 9");
  EXPECT_TRUE(engine->Load().ok());
}

TEST_F(PolicyEngineTest, ALowerRevisionIsRefusedAfterARestart) {
  folder_.Write("a.cedar", kNo);
  folder_.Write("revision.toml", "revision = 7");
  ASSERT_TRUE(Engine()->Load().ok());
  folder_.Write("revision.toml", "revision = 6");
  const auto restarted = Engine();
  EXPECT_FALSE(restarted->Load().ok());
  EXPECT_EQ(restarted->Decide(question_.Request()).verdict, Verdict::kUndecided);
}

TEST_F(PolicyEngineTest, ASetThatCannotBeRememberedTakesNoEffect) {
  folder_.Write("a.cedar", kYes);
  auto settings = Settings();
  settings.memory_file = state_ / "none/policy.json";
  PolicyEngine engine(settings, clock_);
  EXPECT_FALSE(engine.Load().ok());
  EXPECT_EQ(engine.Decide(question_.Request()).verdict, Verdict::kUndecided);
}

TEST_F(PolicyEngineTest, ADamagedMemoryStopsTheLoad) {
  folder_.Write("a.cedar", kYes);
  state_.Write("policy.json", "{");
  const auto engine = Engine();
  EXPECT_THAT(Summary(engine->Load().diagnostics), HasSubstr("cannot be understood"));
  state_.Remove("policy.json");
  EXPECT_TRUE(engine->Load().ok());
}

// ---- Steps back ----

TEST_F(PolicyEngineTest, TellsWhatHasLessForceThanBefore) {
  folder_.Write("a.cedar", kYes + kNo);
  folder_.Write("b.cedar",
                "@id(\"gone\") forbid (principal, action, resource);\n"
                "@id(\"soft\") @response(\"quarantine\") forbid (principal, action, resource);");
  const auto engine = Engine();
  EXPECT_THAT(engine->Load().steps_back, IsEmpty()) << "nothing was in force before";
  EXPECT_THAT(engine->Load().steps_back, IsEmpty());
  folder_.Write("a.cedar", kYes + "@mode(\"monitor\")" + kNo);
  folder_.Write("b.cedar",
                "@id(\"soft\") @response(\"alert\") forbid (principal, action, resource);");
  EXPECT_THAT(engine->Load().steps_back, ElementsAre(PolicyStepBack{"policy.removed", "gone"},
                                                     PolicyStepBack{"policy.monitor", "no"},
                                                     PolicyStepBack{"policy.weaker", "soft"}));
  EXPECT_THAT(engine->Load().steps_back, IsEmpty()) << "told once";
}

TEST_F(PolicyEngineTest, TellsStepsBackThatARestartWouldHide) {
  folder_.Write("a.cedar", kYes + kNo);
  ASSERT_TRUE(Engine()->Load().ok());
  folder_.Write("a.cedar", kYes + "@mode(\"monitor\")" + kNo);
  EXPECT_THAT(
      Engine(PolicyMode::kMonitor)->Load().steps_back,
      ElementsAre(PolicyStepBack{"mode.monitor", ""}, PolicyStepBack{"policy.monitor", "no"}));
  EXPECT_THAT(Engine(PolicyMode::kMonitor)->Load().steps_back, IsEmpty());
  EXPECT_THAT(Engine()->Load().steps_back, IsEmpty());
}

TEST_F(PolicyEngineTest, AFailedLoadTellsNoStepBack) {
  folder_.Write("a.cedar", kYes + kNo);
  const auto engine = Engine();
  ASSERT_TRUE(engine->Load().ok());
  folder_.Write("a.cedar", kYes + "x");
  EXPECT_THAT(engine->Load().steps_back, IsEmpty());
  folder_.Write("a.cedar", kYes);
  EXPECT_THAT(engine->Load().steps_back, ElementsAre(PolicyStepBack{"policy.removed", "no"}));
}

// ---- Threads ----

TEST_F(PolicyEngineTest, EveryDecisionIsOfOneSet) {
  // Two sets that differ in two policies each: a mixture would show.
  const auto set = [](const std::string& name) {
    return "@id(\"p." + name + "\") @reason(\"" + name +
           "\") permit (principal, action, resource);\n" + "@id(\"w." + name +
           "\") @response(\"alert\") forbid (principal, action, resource);";
  };
  folder_.Write("a.cedar", set("a"));
  const auto engine = Engine();
  ASSERT_TRUE(engine->Load().ok());
  std::atomic<bool> stop = false;
  std::atomic<int> decided = 0;
  std::vector<std::thread> askers;
  for (int i = 0; i < 3; ++i) {
    askers.emplace_back([&] {
      const Question question;
      while (!stop) {
        const Decision decision = engine->Decide(question.Request());
        EXPECT_THAT(decision.reason, ::testing::AnyOf("a", "b"));
        EXPECT_THAT(decision.policies, ElementsAre("p." + decision.reason));
        EXPECT_THAT(decision.observed, ElementsAre("w." + decision.reason));
        EXPECT_EQ(engine->revision().size(), 16U);
        ++decided;
      }
    });
  }
  for (int round = 0; round < 30; ++round) {
    folder_.Write("a.cedar", round % 3 == 2 ? "broken" : set(round % 3 == 0 ? "b" : "a"));
    EXPECT_EQ(engine->Load().ok(), round % 3 != 2);
    EXPECT_EQ(engine->Status().count, 2U);
  }
  stop = true;
  for (auto& asker : askers) asker.join();
  EXPECT_GT(decided, 0);
}

}  // namespace
}  // namespace surety
