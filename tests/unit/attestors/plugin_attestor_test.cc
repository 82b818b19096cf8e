#include "attestors/plugin_attestor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>

#include "attestors/boot_now.h"
#include "tests/fakes/fake_process.h"
#include "tests/fakes/scripted_plugin.h"
#include "tests/unit/attestors/child_process.h"

namespace surety {
namespace {

using fakes::ScriptedPlugin;
using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::Eventually;
using ::testing::HasSubstr;

std::atomic<BootClock::duration> test_time{seconds(1000)};
BootTime TestNow() { return BootTime(test_time.load()); }
void Pass(milliseconds time) { test_time = test_time.load() + time; }

class PluginAttestorTest : public ::testing::Test {
 protected:
  void Make(bool required) {
    auto scripted = std::make_unique<ScriptedPlugin>();
    script_ = scripted.get();
    plugin_ = std::make_shared<SupervisedPlugin>(
        PluginSettings{.name = "tmux", .required = required, .timeout = milliseconds(100)},
        std::move(scripted), TestNow);
    attestor_ = std::make_unique<PluginAttestor>(plugin_, pool_, "boot", TestNow);
  }
  PluginAttestorTest() { Make(true); }

  Result<Attestation> Ask() {
    return attestor_->Attest(PeerOf(process_, 1000, 1000), BootNow() + seconds(10));
  }
  // Asks until it is no longer under way.
  Result<Attestation> Settle() {
    Result<Attestation> seen = Error(ErrorCode::kInternal, "");
    Eventually([&] {
      seen = Ask();
      return !seen || seen->complete() || !Contains(seen->missing[0].why.Text(), "under way");
    });
    return seen;
  }
  std::string Missing() {
    const auto seen = Settle();
    if (!seen || seen->complete()) return "";
    EXPECT_TRUE(seen->selectors.empty());
    return seen->missing[0].kind + ": " + seen->missing[0].why.Text();
  }
  static bool Contains(const std::string& text, std::string_view part) {
    return text.find(part) != std::string::npos;
  }
  void Fails(const std::string& why) {
    script_->Describes(Error(ErrorCode::kUnavailable, why));
    script_->Answers([why](const PluginQuestion&) {
      return Result<PluginAnswer>(Error(ErrorCode::kUnavailable, why));
    });
  }
  void Works(const std::string& session) {
    script_->Describes(PluginDescription{"scripted", "2", {"session"}});
    script_->Answers([session](const PluginQuestion& question) {
      return Result<PluginAnswer>(ScriptedPlugin::InSession(question, session));
    });
  }
  // Until what was done in the background is told.
  std::optional<SupervisedPlugin::News> News() {
    std::optional<SupervisedPlugin::News> news;
    Eventually([&] {
      news = plugin_->Tend(*pool_);
      return news.has_value();
    });
    return news;
  }

  const std::shared_ptr<WorkerPool> pool_ = std::make_shared<WorkerPool>(WorkerPool::Limits{});
  const std::shared_ptr<FakeProcess> process_ = std::make_shared<FakeProcess>(ProcessKey{42, 777});
  ScriptedPlugin* script_ = nullptr;
  std::shared_ptr<SupervisedPlugin> plugin_;
  std::unique_ptr<PluginAttestor> attestor_;
};

TEST_F(PluginAttestorTest, TellsWhatItWasAskedAbout) {
  PluginQuestion asked;
  script_->Answers([&](const PluginQuestion& question) {
    asked = question;
    return Result<PluginAnswer>(ScriptedPlugin::InSession(question, "7"));
  });
  const auto seen = Settle();
  ASSERT_TRUE(seen);
  EXPECT_EQ(seen->selectors, (SelectorSet{{"tmux", "session:7"}}));
  EXPECT_EQ(asked.process, (ProcessKey{42, 777}));
  EXPECT_EQ(asked.boot_id, "boot");
  EXPECT_EQ(asked.uid, 1000U);
  EXPECT_EQ(asked.gid, 1000U);
}

TEST_F(PluginAttestorTest, AnswerHoldsForASecondAndNoLonger) {
  ASSERT_TRUE(Settle()->complete());
  Works("8");
  Pass(milliseconds(999));
  EXPECT_EQ(Settle()->selectors, (SelectorSet{{"tmux", "session:7"}}));
  EXPECT_EQ(script_->asked(), 1);
  Pass(milliseconds(1));
  EXPECT_EQ(Settle()->selectors, (SelectorSet{{"tmux", "session:8"}}));
}

TEST_F(PluginAttestorTest, WhatWasForgottenIsAskedAgain) {
  ASSERT_TRUE(Settle()->complete());
  Works("8");
  attestor_->Forget(PeerOf(process_, 1000, 1000));
  EXPECT_EQ(Settle()->selectors, (SelectorSet{{"tmux", "session:8"}}));
}

TEST_F(PluginAttestorTest, OneThatFailsIsAMissingFactOfTheWholeType) {
  ASSERT_TRUE(Settle()->complete());
  Fails("/s: nobody listens");
  Pass(seconds(1));
  EXPECT_EQ(Missing(), "tmux: /s: nobody listens");
  EXPECT_FALSE(Ask()->missing[0].optional);
  // Nobody asks it but who looks after it.
  const int asked = script_->asked();
  Works("9");
  Pass(seconds(1));
  EXPECT_EQ(Missing(), "tmux: /s: nobody listens");
  EXPECT_EQ(script_->asked(), asked);
  EXPECT_TRUE(Eventually([&] {
    plugin_->Tend(*pool_);
    return !plugin_->failure();
  }));
  EXPECT_EQ(Settle()->selectors, (SelectorSet{{"tmux", "session:9"}}));
}

TEST_F(PluginAttestorTest, WrongAnswersAreMissingFacts) {
  script_->Answers([](const PluginQuestion&) {
    return Result<PluginAnswer>(
        PluginAnswer{.start_ticks = 776, .selectors = {{"session", "7"}}, .missing = {}});
  });
  EXPECT_THAT(Missing(), HasSubstr("started at 776, not at 777"));
  script_->Answers([](const PluginQuestion&) {
    return Result<PluginAnswer>(
        PluginAnswer{.start_ticks = 777, .selectors = {{"unix:uid", "0"}}, .missing = {}});
  });
  Pass(seconds(1));
  EXPECT_THAT(Missing(), HasSubstr("did not describe"));
  EXPECT_FALSE(plugin_->failure()) << "it answers, if only nonsense of this process";
}

TEST_F(PluginAttestorTest, ADescriptionThatIsNoneIsAFailure) {
  script_->Describes(PluginDescription{"evil", "1", {"unix:uid"}});
  EXPECT_THAT(Missing(), HasSubstr("describes the kind \"unix:uid\""));
  EXPECT_TRUE(plugin_->failure());
  EXPECT_EQ(script_->asked(), 0);
}

TEST_F(PluginAttestorTest, AQuestionWithoutAnAnswerStopsNoOther) {
  script_->Answers([](const PluginQuestion& question) {
    if (question.process.pid == 42)
      return Result<PluginAnswer>(Error(ErrorCode::kDeadline, "no answer in time"));
    return Result<PluginAnswer>(ScriptedPlugin::InSession(question, "7"));
  });
  EXPECT_EQ(Missing(), "tmux: no answer in time");
  EXPECT_FALSE(plugin_->failure());
  Pass(milliseconds(251));
  EXPECT_EQ(Ask()->missing[0].why.Text(), "no answer in time") << "while it is asked again";
  const auto other = std::make_shared<FakeProcess>(ProcessKey{43, 777});
  EXPECT_TRUE(Eventually(
      [&] { return attestor_->Attest(PeerOf(other, 1001), BootNow() + seconds(10))->complete(); }));
}

TEST_F(PluginAttestorTest, OptionalOneSaysSoOnceItHasFailed) {
  Make(false);
  EXPECT_TRUE(attestor_->optional());
  Fails("/s: nobody listens");
  const auto seen = Settle();
  ASSERT_FALSE(seen->complete());
  EXPECT_TRUE(seen->missing[0].optional);
  EXPECT_TRUE(seen->complete_but_for_optional());
}

TEST_F(PluginAttestorTest, OptionalOneThatIsStillAskedHoldsUpAll) {
  Make(false);
  std::atomic<bool> answer = false;
  script_->Answers([&](const PluginQuestion& question) {
    while (!answer) std::this_thread::yield();
    return Result<PluginAnswer>(ScriptedPlugin::InSession(question, "7"));
  });
  const auto seen = Ask();
  ASSERT_FALSE(seen->complete());
  EXPECT_FALSE(seen->missing[0].optional);
  answer = true;
  EXPECT_TRUE(Settle()->complete());
}

TEST_F(PluginAttestorTest, IsLookedAfterAndTold) {
  auto news = News();
  ASSERT_TRUE(news);
  EXPECT_FALSE(news->failure);
  EXPECT_EQ(news->description, "scripted 1");
  EXPECT_FALSE(plugin_->Tend(*pool_));

  Fails("/s: nobody listens");
  Pass(seconds(5));
  news = News();
  ASSERT_TRUE(news);
  EXPECT_EQ(news->failure->Text(), "/s: nobody listens");

  Works("8");
  Pass(milliseconds(100));
  news = News();
  ASSERT_TRUE(news);
  EXPECT_FALSE(news->failure);
  EXPECT_EQ(news->description, "scripted 2");
  EXPECT_FALSE(plugin_->failure());
}

TEST_F(PluginAttestorTest, PauseBetweenProbesGrows) {
  Fails("down");
  EXPECT_FALSE(plugin_->Ask({}));
  for (const int pause : {100, 200, 400, 800, 1600, 2000, 2000}) {
    const int described = script_->described();
    Pass(milliseconds(pause - 1));
    EXPECT_EQ(plugin_->Ask({}).error().Text(), "down");
    EXPECT_EQ(script_->described(), described);
    Pass(milliseconds(1));
    EXPECT_EQ(plugin_->Ask({}).error().Text(), "down");
    EXPECT_EQ(script_->described(), described + 1);
  }
}

TEST_F(PluginAttestorTest, ProcessThatHasExitedIsGone) {
  ASSERT_TRUE(Settle());
  process_->Exit();
  EXPECT_EQ(Ask().error().code(), ErrorCode::kPeerGone);
}

}  // namespace
}  // namespace surety
