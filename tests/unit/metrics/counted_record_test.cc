#include "agent/metrics/counted_record.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <prometheus/text_serializer.h>

#include <regex>
#include <thread>

#include "agent/policy/embedded_texts.h"
#include "tests/fakes/made_event.h"

namespace surety {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::HasSubstr;
using testing::Not;

class Log final : public AuditLog {
 public:
  Result<std::string> Write(const AuditEvent& /*event*/) override {
    if (full) return Error(ErrorCode::kResourceExhausted, "no space");
    return std::string("d1");
  }
  Result<void> Note(const AuditNotice& /*notice*/) override {
    if (full) return Error(ErrorCode::kResourceExhausted, "no space");
    return {};
  }
  bool full = false;
};

class CountedRecordTest : public testing::Test {
 protected:
  std::string Text() const { return prometheus::TextSerializer().Serialize(counted_.Collect()); }
  void Note(std::string_view what) {
    const auto noted =
        counted_.Note({.at = {}, .what = what, .severity = NoticeSeverity::kInfo, .details = {}});
    EXPECT_NE(static_cast<bool>(noted), log_.full);
  }

  Log log_;
  CountedRecord counted_{log_,
                         {.selectors = {"unix:path", "unix:sha256", "unix:uid", "docker"},
                          .attestors = {"unix", "docker"}}};
};

TEST_F(CountedRecordTest, EveryDecisionIsCountedAndPassedOn) {
  EXPECT_THAT(Text(), HasSubstr("surety_decisions_total{action=\"issue\",reason=\"entry_matched\","
                                "verdict=\"allow\"} 0\n"));
  const MadeEvent first = FirstIssue();
  ASSERT_TRUE(counted_.Write(first.event()));
  EXPECT_EQ(*counted_.Write(first.event()), "d1");
  ASSERT_TRUE(counted_.Write(ExecDrift(first.at).event()));
  EXPECT_THAT(
      Text(),
      AllOf(HasSubstr("{action=\"issue\",reason=\"entry_matched\",verdict=\"allow\"} 2\n"),
            HasSubstr("{action=\"rotate\",reason=\"drift.executable\",verdict=\"refuse\"} 1\n"),
            HasSubstr("surety_drift_total{kind=\"unix:path\"} 1\n"),
            HasSubstr("surety_drift_total{kind=\"unix:sha256\"} 1\n"),
            HasSubstr("surety_drift_total{kind=\"unix:uid\"} 0\n"),
            HasSubstr("surety_svids_issued_total 2\n"),
            HasSubstr("surety_decision_seconds_count{action=\"issue\"} 2\n"),
            HasSubstr("surety_decision_seconds_bucket{action=\"issue\",le=\"0.00025\"} 2\n"),
            HasSubstr("surety_issuance_seconds_count 2\n")));
}

TEST_F(CountedRecordTest, WhatIsNotKnownIsOther) {
  MadeEvent made = ExecDrift({});
  made.reason = "of_an_operator";
  made.action = Action::kRequest;
  made.drift.gained = {{"slurm", "job:17"}};
  made.drift.lost = {};
  made.seen.missing = {{"unix:sha256", Error(ErrorCode::kUnavailable, "slow")},
                       {"slurm", Error(ErrorCode::kUnavailable, "slow")}};
  ASSERT_TRUE(counted_.Write(made.event()));
  Note("watch.lost");
  Note("of.tomorrow");
  EXPECT_THAT(Text(), AllOf(HasSubstr("{action=\"other\",reason=\"other\",verdict=\"refuse\"} 1\n"),
                            HasSubstr("surety_drift_total{kind=\"other\"} 1\n"),
                            HasSubstr("surety_facts_missing_total{attestor=\"unix\"} 1\n"),
                            HasSubstr("surety_facts_missing_total{attestor=\"other\"} 1\n"),
                            HasSubstr("surety_notices_total{notice=\"watch.lost\"} 1\n"),
                            HasSubstr("surety_notices_total{notice=\"other\"} 1\n")));
}

TEST_F(CountedRecordTest, NothingOfAWorkloadIsALabel) {
  MadeEvent made = ExecDrift({});
  made.reason = "could not pin /home/eve/\"evil\"";
  ASSERT_TRUE(counted_.Write(made.event()));
  EXPECT_THAT(Text(), AllOf(Not(HasSubstr("eve")), Not(HasSubstr("spiffe://")),
                            Not(HasSubstr("4711")), Not(HasSubstr("/usr/bin"))));
}

TEST_F(CountedRecordTest, WhatTheLogDidNotTakeIsNotIssued) {
  log_.full = true;
  EXPECT_FALSE(counted_.Write(FirstIssue().event()));
  Note("watch.lost");
  EXPECT_THAT(Text(), AllOf(HasSubstr("surety_audit_write_failures_total 2\n"),
                            HasSubstr("surety_svids_issued_total 0\n")));
}

TEST_F(CountedRecordTest, ThreadsCountTogether) {
  constexpr int kTimes = 2'000;
  const auto work = [this] {
    MadeEvent made = FirstIssue();
    made.reason = "traced";  // Whose counter is made by whoever comes first.
    for (int i = 0; i < kTimes; ++i) ASSERT_TRUE(counted_.Write(made.event()));
  };
  {
    const std::jthread one(work);
    const std::jthread other(work);
  }
  EXPECT_THAT(Text(), HasSubstr("reason=\"traced\",verdict=\"allow\"} 4000\n"));
}

TEST(KnownLabelsTest, EveryReasonOfTheBuiltInPolicyIsKnown) {
  const std::string text(kDefaultPolicy);
  const std::regex reason("\n@reason\\(\"([^\"]*)\"\\)");
  int found = 0;
  for (std::sregex_iterator at(text.begin(), text.end(), reason), end; at != end; ++at, ++found)
    EXPECT_THAT(KnownReasons(), Contains((*at)[1].str()));
  EXPECT_GT(found, 20);
}

}  // namespace
}  // namespace surety
