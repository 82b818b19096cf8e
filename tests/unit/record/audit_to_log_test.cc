#include "agent/record/audit_to_log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <spdlog/sinks/base_sink.h>
#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/spdlog.h>

#include <mutex>
#include <sstream>
#include <vector>

#include "surety/log_fields.h"
#include "tests/fakes/made_event.h"

namespace surety {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::IsSupersetOf;
using testing::Not;

/// Takes everything, or nothing.
class ScriptedLog final : public AuditLog {
 public:
  Result<std::string> Write(const AuditEvent& /*event*/) override {
    ++written;
    if (fails) return Error(ErrorCode::kResourceExhausted, "the disk is full");
    return std::string("0a1b2c3d-7");
  }
  Result<void> Note(const AuditNotice& /*notice*/) override {
    ++noted;
    if (fails) return Error(ErrorCode::kResourceExhausted, "the disk is full");
    return {};
  }
  bool fails = false;
  int written = 0;
  int noted = 0;
};

class AuditToLogTest : public testing::Test {
 protected:
  AuditToLogTest() { logger_->set_pattern("%l %v"); }
  std::string Text() {
    logger_->flush();
    return text_.str();
  }

  std::ostringstream text_;
  std::shared_ptr<spdlog::logger> logger_ = std::make_shared<spdlog::logger>(
      "test", std::make_shared<spdlog::sinks::ostream_sink_mt>(text_));
  ScriptedLog record_;
  AuditToLog log_{record_, logger_};
};

/// What a sink that knows fields is given.
class FieldsSink final : public spdlog::sinks::base_sink<std::mutex> {
 public:
  std::vector<std::string> seen;

 protected:
  void sink_it_(const spdlog::details::log_msg& /*message*/) override {
    const LogFields* const fields = LogFieldsScope::Current();
    if (fields == nullptr) return seen.push_back("none");
    for (const LogField& field : *fields) seen.push_back(field.name + "=" + field.value);
  }
  void flush_() override {}
};

TEST_F(AuditToLogTest, LinesHaveFieldsForWhoeverReadsThem) {
  const auto sink = std::make_shared<FieldsSink>();
  logger_->sinks().push_back(sink);
  ASSERT_TRUE(log_.Write(FirstIssue("0f").event()));
  EXPECT_THAT(sink->seen, IsSupersetOf({"event=decision", "verdict=allow", "action=issue",
                                        "reason=entry_matched", "pid=4711",
                                        "lineage=unit:/system.slice/web.service",
                                        "decision=0a1b2c3d-7", "serial=0f"}));
  sink->seen.clear();
  ASSERT_TRUE(log_.Note({.at = {},
                         .what = "plugin.failed",
                         .severity = NoticeSeverity::kWarning,
                         .details = {{"plugin", "slurm"}}}));
  EXPECT_THAT(sink->seen, ElementsAre("event=plugin.failed", "plugin=slurm"));
  sink->seen.clear();
  logger_->info("anything else");
  EXPECT_THAT(sink->seen, ElementsAre("none"));
}

TEST_F(AuditToLogTest, ALongTextIsCutInTheLineBetweenTwoCharacters) {
  const std::string umlauts = [] {
    std::string text = "x";
    for (int i = 0; i < 200; ++i) text += "\u00fc";
    return text;
  }();
  ASSERT_TRUE(log_.Note({.at = {},
                         .what = "plugin.failed",
                         .severity = NoticeSeverity::kInfo,
                         .details = {{"why", umlauts}}}));
  EXPECT_THAT(Text(), Not(HasSubstr("\\u")));
  EXPECT_THAT(Text(), Not(HasSubstr("\xef\xbf\xbd")));
  EXPECT_LT(Text().size(), 300U);
}

TEST_F(AuditToLogTest, ANewSvidIsInformation) {
  const auto id = log_.Write(FirstIssue("0f").event());
  ASSERT_TRUE(id);
  EXPECT_EQ(*id, "0a1b2c3d-7");
  EXPECT_EQ(Text(),
            "info allow issue reason=\"entry_matched\" pid=4711 uid=1000 "
            "lineage=\"unit:/system.slice/web.service\" decision=0a1b2c3d-7 "
            "spiffe_id=spiffe://example.org/web serial=0f\n");
}

TEST_F(AuditToLogTest, RefusalsAndDriftAreWarnings) {
  ASSERT_TRUE(log_.Write(ExecDrift(MadeEvent().at).event()));
  EXPECT_THAT(Text(), HasSubstr("warning refuse rotate reason=\"drift.executable\""));
  EXPECT_THAT(Text(), HasSubstr("drift=\"unix:path unix:sha256\""));
}

TEST_F(AuditToLogTest, WhatIsNotRemarkableIsInTheRecordAlone) {
  MadeEvent made = FirstIssue();
  made.entries.front().minted = false;
  ASSERT_TRUE(log_.Write(made.event()));
  EXPECT_EQ(record_.written, 1);
  EXPECT_THAT(Text(), IsEmpty());
}

TEST_F(AuditToLogTest, WhatCouldNotBeToldNamesTheFact) {
  MadeEvent made;
  made.verdict = Verdict::kUndecided;
  made.seen.missing = {{"unix:sha256", Error(ErrorCode::kDeadline, "slow")}};
  ASSERT_TRUE(log_.Write(made.event()));
  EXPECT_THAT(Text(), HasSubstr("info undecided issue"));
  EXPECT_THAT(Text(), HasSubstr("missing=\"unix:sha256\""));
}

TEST_F(AuditToLogTest, ARecordThatCouldNotBeWrittenIsAnError) {
  record_.fails = true;
  const auto id = log_.Write(FirstIssue().event());
  ASSERT_FALSE(id);
  EXPECT_EQ(id.error().code(), ErrorCode::kResourceExhausted);
  EXPECT_THAT(Text(), HasSubstr("error allow issue"));
  EXPECT_THAT(Text(), HasSubstr("the disk is full"));
  ASSERT_FALSE(log_.Note({.at = MadeEvent().at, .what = "clock.set", .details = {}}));
  EXPECT_THAT(Text(), HasSubstr("error clock.set: the disk is full"));
}

TEST_F(AuditToLogTest, NoticesAreLinesOfTheirSeverity) {
  ASSERT_TRUE(log_.Note({.at = MadeEvent().at,
                         .what = "quarantine.added",
                         .severity = NoticeSeverity::kHigh,
                         .details = {{"lineage", "login:7"}, {"why", "a\nb"}}}));
  ASSERT_TRUE(log_.Note({.at = MadeEvent().at, .what = "policy.reloaded", .details = {}}));
  EXPECT_EQ(record_.noted, 2);
  EXPECT_EQ(Text(),
            "warning quarantine.added lineage=\"login:7\" why=\"a\\nb\"\ninfo policy.reloaded\n");
}

TEST_F(AuditToLogTest, WhatAWorkloadChoseCannotForgeALine) {
  MadeEvent made = ExecDrift(MadeEvent().at);
  made.reason = "x\nwarning forged";
  made.standing.lineage.id = std::string(5'000, 'x') + "\x1b[2J";
  made.drift.gained.Insert({"unix", "a\nb:1"});
  ASSERT_TRUE(log_.Write(made.event()));
  const std::string text = Text();
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 1);
  EXPECT_THAT(text, Not(HasSubstr("\x1b")));
  EXPECT_LT(text.size(), 2'000U);
}

TEST_F(AuditToLogTest, AFloodIsSummedUp) {
  MadeEvent made = ExecDrift(MadeEvent().at);
  for (int i = 0; i < 500; ++i) ASSERT_TRUE(log_.Write(made.event()));
  std::string text = Text();
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 20);
  made.at.boot += Seconds(1);
  ASSERT_TRUE(log_.Write(made.event()));
  text = Text();
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 22);
  EXPECT_THAT(text, HasSubstr("480 more decisions are in the audit log alone"));
  EXPECT_EQ(record_.written, 501);
}

}  // namespace
}  // namespace surety
