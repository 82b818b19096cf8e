#include "agent/record/audit_replay.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "agent/record/audit_file.h"
#include "tests/unit/record/record_support.h"

namespace surety {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

class AuditReplayTest : public testing::Test {
 protected:
  std::vector<AuditRecord> Replayed(const ReplayFrom& from = {}) {
    std::vector<AuditRecord> records;
    const auto report = ReplayAudit(folder_, from, [&](const AuditRecord& one) {
      records.push_back(one);
      return true;
    });
    EXPECT_TRUE(report) << report.error().Text();
    if (report) report_ = *report;
    return records;
  }
  static const RecordedDecision& DecisionOf(const AuditRecord& record) {
    return std::get<RecordedDecision>(record.content);
  }

  ScratchFolder scratch_;
  std::string folder_ = scratch_ / "audit";
  ReplayReport report_;
};

TEST_F(AuditReplayTest, GivesBackWhatWasWritten) {
  const auto log = MustOpen(OptionsFor(folder_));
  MadeEvent first = FirstIssue("0f");
  first.standing.risk.score = 2.5;
  first.entries.front().decision.obligations.ttl_cap = Seconds(60);
  first.seen.missing = {{"unix:lsm", Error(ErrorCode::kUnavailable, "no")}};
  const auto id = log->Write(first.event());
  const MadeEvent drift = ExecDrift(After(std::chrono::nanoseconds(1'500'000'001)));
  ASSERT_TRUE(log->Write(drift.event()));
  ASSERT_TRUE(log->Note({.at = After(Seconds(2)),
                         .what = "revoked",
                         .severity = NoticeSeverity::kWarning,
                         .details = {{"serial", "0f"}}}));

  const auto records = Replayed();
  ASSERT_THAT(records, SizeIs(4));
  EXPECT_EQ(records[1].seq, 2U);
  EXPECT_EQ(records[1].at.wall, Start().wall);
  EXPECT_EQ(records[1].at.boot, Start().boot);
  EXPECT_EQ(records[1].boot_id, "11111111-2222-3333-4444-555555555555");
  const RecordedDecision& issued = DecisionOf(records[1]);
  EXPECT_EQ(issued.id, *id);
  EXPECT_EQ(issued.action, Action::kIssue);
  EXPECT_EQ(issued.verdict, Verdict::kAllow);
  EXPECT_EQ(issued.process.key, (ProcessKey{4711, 100}));
  EXPECT_EQ(issued.process.uid, 1000U);
  EXPECT_EQ(issued.process.path, "/usr/bin/web");
  EXPECT_FALSE(issued.process.claimed);
  EXPECT_FALSE(issued.pinned);
  EXPECT_THAT(issued.scope, SizeIs(7));
  EXPECT_EQ(issued.lineage, "unit:/system.slice/web.service");
  EXPECT_EQ(issued.ancestors, first.standing.lineage.ancestors);
  EXPECT_THAT(issued.missing, ElementsAre("unix:lsm"));
  EXPECT_EQ(issued.risk, 2.5);
  ASSERT_THAT(issued.entries, SizeIs(1));
  const RecordedEntry& entry = issued.entries.front();
  const EntryDecision& given = first.entries.front();
  EXPECT_EQ(entry.entry, "web");
  EXPECT_EQ(entry.facts, given.decision.facts);
  EXPECT_EQ(entry.obligations, given.decision.obligations);
  ASSERT_TRUE(entry.issued);
  EXPECT_EQ(entry.issued->serial, "0f");
  EXPECT_EQ(entry.issued->spiffe_id, given.issued->spiffe_id);
  EXPECT_EQ(entry.issued->entry_id, given.issued->entry_id);
  EXPECT_EQ(entry.issued->issuer_key_id, given.issued->issuer_key_id);
  EXPECT_EQ(entry.issued->not_before, given.issued->not_before);
  EXPECT_EQ(entry.issued->not_after, given.issued->not_after);
  EXPECT_EQ(entry.issued->revoke_on_exit, given.issued->revoke_on_exit);
  EXPECT_TRUE(entry.minted);

  EXPECT_EQ(records[2].at.wall, drift.at.wall);
  const RecordedDecision& refused = DecisionOf(records[2]);
  EXPECT_EQ(refused.verdict, Verdict::kRefuse);
  EXPECT_TRUE(refused.pinned);
  EXPECT_THAT(refused.drift_kinds, ElementsAre("unix:path", "unix:sha256"));
  EXPECT_EQ(refused.entries.front().obligations, drift.entries.front().decision.obligations);
  EXPECT_FALSE(refused.entries.front().issued);

  const auto& notice = std::get<RecordedNotice>(records[3].content);
  EXPECT_EQ(notice.what, "revoked");
  EXPECT_EQ(notice.severity, NoticeSeverity::kWarning);
  EXPECT_THAT(notice.details, ElementsAre(std::pair("serial", "0f")));
}

TEST_F(AuditReplayTest, BeginsWhereItIsTold) {
  AuditFileOptions options = OptionsFor(folder_);
  options.segment_bytes = 4'000;
  const auto log = MustOpen(options);
  for (int i = 0; i < 6; ++i) {
    MadeEvent made = FirstIssue(std::to_string(i));
    made.at = After(Seconds(i * 10));
    ASSERT_TRUE(log->Write(made.event()));
    WriteDecisions(*log, 2);
    ASSERT_TRUE(log->Tend(Start()));
  }
  const auto all = Replayed();
  const std::uint64_t last = all.back().seq;
  for (std::uint64_t from = 1; from <= last + 1; ++from) {
    const auto some = Replayed({.seq = from});
    ASSERT_EQ(some.size(), last + 1 - from) << from;
    EXPECT_TRUE(some.empty() || some.front().seq == from) << from;
  }
  EXPECT_THAT(Replayed({.seq = 1, .time = After(Seconds(50)).wall}), SizeIs(1));
}

TEST_F(AuditReplayTest, StopsWhenToldSo) {
  const auto log = MustOpen(OptionsFor(folder_));
  WriteDecisions(*log, 5);
  int seen = 0;
  const auto report = ReplayAudit(folder_, {}, [&](const AuditRecord&) { return ++seen < 3; });
  ASSERT_TRUE(report);
  EXPECT_EQ(report->records, 3U);
}

TEST_F(AuditReplayTest, DamagedLinesAreCountedAndNotBelieved) {
  const auto log = MustOpen(OptionsFor(folder_));
  WriteDecisions(*log, 3);
  const std::string path = folder_ + "/" + SegmentsIn(folder_).front();
  std::string text = ReadAll(path);
  text[text.find("4711", text.find("4711") + 1)] = '5';
  WriteAll(path, text + "nonsense\n" + std::string(3'000'000, 'x') + "\n");
  EXPECT_THAT(Replayed(), SizeIs(3));
  EXPECT_EQ(report_.damaged, 3U);
}

TEST_F(AuditReplayTest, AHandMadeRecordDoesNotBreakTheReader) {
  const auto line = [](const std::string& type, const std::string& body) {
    std::string text;
    auto hasher = AuditHasher::Create();
    EXPECT_TRUE(AppendLine(text, {.seq = 1, .prev = HashText(), .type = type}, body, *hasher));
    text.pop_back();
    return text;
  };
  const std::vector<std::string> refused{
      R"("action":1,"verdict":"allow")", R"("action":"issue","verdict":"perhaps")",
      "\"a\":" + std::string(100'000, '[') + std::string(100'000, ']'), "\"a\":\n1"};
  for (const std::string& body : refused)
    EXPECT_FALSE(ParseAuditRecord(line("decision", body))) << body.substr(0, 50);
  EXPECT_FALSE(ParseAuditRecord(line("other", "\"a\":1")));
  const std::vector<std::string> taken{
      R"("action":"issue","verdict":"allow","process":7,"entries":{"a":1},"lineage":[])",
      R"("action":"issue","verdict":"allow","process":{"pid":-1,"uid":4294967296},)"
      R"("entries":[null,1,{"serial":1}],"drift":"x","risk":{"score":"y"},"missing":[1])"};
  for (const std::string& body : taken) EXPECT_TRUE(ParseAuditRecord(line("decision", body)));
}

TEST_F(AuditReplayTest, ALogThatIsNotThereIsNotFound) {
  const auto report = ReplayAudit(folder_, {}, [](const AuditRecord&) { return true; });
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().code(), ErrorCode::kNotFound);
}

TEST_F(AuditReplayTest, GoesOnAsTheLogGrows) {
  AuditFileOptions options = OptionsFor(folder_);
  options.segment_bytes = 4'000;
  const auto log = MustOpen(options);
  auto replay = AuditReplay::Open(folder_, {.seq = 2});
  ASSERT_TRUE(replay);
  std::uint64_t expected = 2;
  for (int round = 0; round < 6; ++round) {
    WriteDecisions(*log, 3);
    ASSERT_TRUE(log->Tend(Start()));
    while (true) {
      const auto record = replay->Next();
      ASSERT_TRUE(record);
      if (!*record) break;
      EXPECT_EQ((*record)->seq, expected++);
    }
    EXPECT_EQ(expected, log->Status().last_seq + 1);
  }
  EXPECT_GT(SegmentsIn(folder_).size(), 3U);
}

}  // namespace
}  // namespace surety
