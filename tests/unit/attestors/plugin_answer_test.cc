#include "attestors/plugin_answer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace surety {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

const ProcessKey kAsked{.pid = 42, .start_ticks = 1000};
const std::vector<std::string> kKinds{"job", "step"};

PluginAnswer Saying(std::vector<PluginAnswer::Fact> selectors) {
  return {.start_ticks = 1000, .selectors = std::move(selectors), .missing = {}};
}

std::string WrongWith(const PluginAnswer& answer) {
  const auto judged = JudgePluginAnswer("slurm", kKinds, kAsked, answer);
  if (judged) return "";
  EXPECT_EQ(judged.error().code(), ErrorCode::kDataLoss);
  return judged.error().Text();
}

std::vector<std::string> TextsOf(const Result<Attestation>& judged) {
  std::vector<std::string> texts;
  for (const Selector& selector : judged->selectors) texts.push_back(selector.Text());
  return texts;
}

TEST(PluginAnswerTest, BecomesSelectorsOfTheOperatorsType) {
  const auto judged = JudgePluginAnswer(
      "slurm", kKinds, kAsked, Saying({{"step", "0"}, {"job", "42:a b/ü"}, {"step", "0"}}));
  ASSERT_TRUE(judged) << judged.error().Text();
  EXPECT_THAT(TextsOf(judged), ElementsAre("slurm:job:42:a b/ü", "slurm:step:0"));
  EXPECT_TRUE(judged->complete());
}

TEST(PluginAnswerTest, NothingIsAnAnswer) {
  const auto judged = JudgePluginAnswer("slurm", kKinds, kAsked, Saying({}));
  ASSERT_TRUE(judged);
  EXPECT_TRUE(judged->selectors.empty());
  EXPECT_TRUE(judged->complete());
}

TEST(PluginAnswerTest, WhatIsMissingIsNamedByKindOrAsAWhole) {
  auto answer = Saying({{"job", "42"}});
  answer.missing = {{"step", "no \x1b[2Jaccess"}, {"", "the controller is down"}, {"", "again"}};
  const auto judged = JudgePluginAnswer("slurm", kKinds, kAsked, answer);
  ASSERT_TRUE(judged);
  ASSERT_THAT(judged->missing, SizeIs(2));
  EXPECT_EQ(judged->missing[0].kind, "slurm:step");
  EXPECT_EQ(judged->missing[0].why.Text(), "the plug-in says: no \\x1b[2Jaccess");
  EXPECT_EQ(judged->missing[1].kind, "slurm");
}

TEST(PluginAnswerTest, AnotherProcessIsToldByItsStartTime) {
  auto answer = Saying({{"job", "42"}});
  answer.start_ticks = 999;
  EXPECT_THAT(WrongWith(answer), HasSubstr("started at 999, not at 1000"));
  EXPECT_THAT(WrongWith(PluginAnswer{}), HasSubstr("started at 0"));
}

TEST(PluginAnswerTest, OnlyWhatWasDescribedIsTaken) {
  for (const std::string kind : {"uid", "unix:uid", "", "job:42", "JOB", "job "})
    EXPECT_THAT(WrongWith(Saying({{"job", "1"}, {kind, "0"}})), HasSubstr("did not describe"))
        << kind;
  auto answer = Saying({});
  answer.missing = {{"uid", "why"}};
  EXPECT_THAT(WrongWith(answer), HasSubstr("did not describe"));
}

TEST(PluginAnswerTest, HostileTextIsRefused) {
  using namespace std::string_literals;
  for (const std::string& value : {"a\nb"s, "\x1b[31m"s, "a\0b"s, "\xff"s, "\xc2\x9b"s, "a\\x"s})
    EXPECT_THAT(WrongWith(Saying({{"job", value}})), HasSubstr("no printable text")) << value;
  EXPECT_THAT(WrongWith(Saying({{"job", ""}})), HasSubstr("no value for the kind \"job\""));
}

TEST(PluginAnswerTest, EverythingIsBounded) {
  const std::string long_value(kLongestPluginValue, 'x');
  EXPECT_EQ(WrongWith(Saying({{"job", long_value}})), "");
  EXPECT_THAT(WrongWith(Saying({{"job", long_value + "x"}})), HasSubstr("value of 513 bytes"));
  EXPECT_THAT(WrongWith(Saying(std::vector<PluginAnswer::Fact>(33, {"job", long_value}))),
              HasSubstr("bytes in all"));
  std::vector<PluginAnswer::Fact> many(kMostPluginSelectors, {"job", "1"});
  EXPECT_EQ(WrongWith(Saying(many)), "");
  many.push_back({"job", "1"});
  EXPECT_THAT(WrongWith(Saying(many)), HasSubstr("has 129 facts"));
  auto answer = Saying({});
  answer.missing = {{"", std::string(kLongestPluginValue + 1, 'x')}};
  EXPECT_THAT(WrongWith(answer), HasSubstr("value of 513 bytes"));
}

TEST(PluginAnswerTest, DescribedKindsAreWordsAndNotTooMany) {
  const auto described = [](std::vector<std::string> kinds) {
    return KindsOfPlugin({.name = "n", .version = "1", .kinds = std::move(kinds)});
  };
  EXPECT_THAT(*described({"job", "step_2"}), ElementsAre("job", "step_2"));
  EXPECT_THAT(described({}).error().Text(), HasSubstr("0 kinds"));
  EXPECT_THAT(described(std::vector<std::string>(33, "job")).error().Text(), HasSubstr("33 kinds"));
  for (const std::string kind : {"", "unix:uid", "Job", "a b", "a\n"})
    EXPECT_FALSE(described({"job", kind})) << kind;
  EXPECT_FALSE(described({std::string(33, 'a')}));
}

}  // namespace
}  // namespace surety
