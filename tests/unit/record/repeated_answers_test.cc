#include "agent/record/repeated_answers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/fakes/made_event.h"

namespace surety {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;
using testing::SizeIs;

class CountingLog final : public AuditLog {
 public:
  Result<std::string> Write(const AuditEvent& /*event*/) override {
    return "d" + std::to_string(++written);
  }
  Result<void> Note(const AuditNotice& notice) override {
    EXPECT_EQ(notice.what, "answers.repeated");
    told.emplace_back(notice.details.at(1).second, notice.details.at(2).second);
    return {};
  }
  int written = 0;
  std::vector<std::pair<std::string, std::string>> told;  // How many, like which.
};

class RepeatedAnswersTest : public testing::Test {
 protected:
  static MadeEvent Refusal(const std::string& lineage = "process:1.1") {
    MadeEvent made;
    made.verdict = Verdict::kRefuse;
    made.reason = "no_entry";
    made.standing.lineage.id = lineage;
    made.entries.push_back(
        {.entry = nullptr, .decision = {.verdict = Verdict::kRefuse, .reason = "no_entry"}});
    return made;
  }
  void Write(const MadeEvent& made, int times) {
    for (int i = 0; i < times; ++i) last_ = *log_.Write(made.event());
  }
  void TickAfter(const MadeEvent& made, Seconds passed) {
    log_.Tick({.boot = made.at.boot + passed, .wall = made.at.wall + passed});
  }

  CountingLog record_;
  RepeatedAnswers log_{record_, {.of_lineage = 3, .of_user = 8, .answers = 16}};
  std::string last_;
};

TEST_F(RepeatedAnswersTest, SoManyAreRecordedAndTheRestIsCounted) {
  Write(Refusal(), 100);
  EXPECT_EQ(record_.written, 3);
  EXPECT_EQ(last_, "d3") << "whoever asks is told of one like his";
  TickAfter(Refusal(), Seconds(59));
  EXPECT_THAT(record_.told, IsEmpty());
  TickAfter(Refusal(), Seconds(60));
  EXPECT_THAT(record_.told, ElementsAre(Pair("97", "d3")));
  TickAfter(Refusal(), Seconds(120));
  EXPECT_THAT(record_.told, SizeIs(1)) << "told once";
}

TEST_F(RepeatedAnswersTest, TheNextMinuteBeginsAnew) {
  MadeEvent made = Refusal();
  Write(made, 10);
  made.at.boot += Seconds(60);
  Write(made, 10);
  EXPECT_EQ(record_.written, 6);
  TickAfter(made, Seconds(0));
  EXPECT_THAT(record_.told, ElementsAre(Pair("7", "d3")));
}

TEST_F(RepeatedAnswersTest, LineagesOfOneUserAreHeldToALimitTogether) {
  for (int i = 0; i < 100; ++i) Write(Refusal("process:" + std::to_string(i) + ".1"), 1);
  EXPECT_EQ(record_.written, 8);
  MadeEvent other = Refusal("process:200.1");
  other.peer.uid = 2'000;
  Write(other, 1);
  EXPECT_EQ(record_.written, 9) << "another user's are recorded as ever";
}

TEST_F(RepeatedAnswersTest, AnotherAnswerIsRecorded) {
  Write(Refusal(), 10);
  MadeEvent other = Refusal();
  other.reason = "quarantined";
  Write(other, 1);
  EXPECT_EQ(record_.written, 4);
}

TEST_F(RepeatedAnswersTest, WhatGrantsOrTakesAwayIsAlwaysRecorded) {
  Write(FirstIssue(), 50);
  Write(ExecDrift(MadeEvent().at), 50);
  EXPECT_EQ(record_.written, 100);
}

TEST_F(RepeatedAnswersTest, NothingIsForgottenUntold) {
  Write(Refusal(), 5);
  for (int i = 0; i < 20; ++i) {
    MadeEvent other = Refusal("process:7.7");
    other.reason = "reason " + std::to_string(i);
    Write(other, 1);
  }
  TickAfter(Refusal(), Seconds(1));
  EXPECT_THAT(record_.told, ElementsAre(Pair("2", "d3")));
}

}  // namespace
}  // namespace surety
