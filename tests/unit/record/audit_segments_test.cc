// Segments and checkpoints.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "agent/record/audit_file.h"
#include "agent/record/audit_names.h"
#include "agent/record/audit_verify.h"
#include "agent/record/checkpoint.h"
#include "tests/fakes/failing_audit_disk.h"
#include "tests/unit/record/record_support.h"

namespace surety {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

class AuditSegments : public testing::Test {
 protected:
  [[nodiscard]] AuditFileOptions Small() {
    AuditFileOptions options = OptionsFor(folder_);
    options.segment_bytes = 4'000;
    options.on_checkpoint = [this](const std::string& text) { checkpoints_.push_back(text); };
    return options;
  }
  AuditVerifyReport Verify(std::vector<std::string> checkpoints = {}) {
    AuditVerifyOptions options;
    for (auto& text : checkpoints) options.checkpoints.push_back({std::move(text), "the test"});
    breaks_.clear();
    const auto report = VerifyAudit(folder_, options, [&](const AuditBreak& one) {
      breaks_.push_back(one.segment + ":" + std::to_string(one.line) + ": " + one.what);
    });
    EXPECT_TRUE(report) << report.error().Text();
    return report ? *report : AuditVerifyReport();
  }
  static void Fill(AuditFile& log, int segments) {
    for (int i = 0; i < segments; ++i) {
      WriteDecisions(log, 4);
      EXPECT_TRUE(log.Tend(Start()));
    }
  }

  ScratchFolder scratch_;
  std::string folder_ = scratch_ / "audit";
  std::vector<std::string> checkpoints_;
  std::vector<std::string> breaks_;
};

TEST_F(AuditSegments, NamesSortAsTheirLinesDo) {
  EXPECT_EQ(SegmentName(1), "audit-00000000000000000001.jsonl");
  EXPECT_EQ(SegmentName(UINT64_MAX), "audit-18446744073709551615.jsonl");
  EXPECT_EQ(FirstSeqOf(SegmentName(4711)), 4711U);
  for (const char* name : {"audit-1.jsonl", "audit-00000000000000000000.jsonl", "audit-.jsonl",
                           "audit-99999999999999999999.jsonl", "audit-0000000000000000000x.jsonl",
                           "audit-00000000000000000001.jsonl.torn-1", "", "lock"})
    EXPECT_EQ(FirstSeqOf(name), std::nullopt) << name;
}

TEST_F(AuditSegments, EachContinuesTheChain) {
  const auto log = MustOpen(Small());
  Fill(*log, 3);
  const auto names = SegmentsIn(folder_);
  ASSERT_THAT(names, SizeIs(4));
  const auto records = RecordsIn(folder_);
  std::size_t headers = 0;
  for (std::size_t i = 0; i < records.size(); ++i) {
    EXPECT_EQ(records[i]["seq"], i + 1);
    if (records[i]["type"] != "segment") continue;
    EXPECT_EQ(records[i]["segment"], names[headers]);
    EXPECT_EQ(records[i]["previous"], headers == 0 ? "" : names[headers - 1]);
    EXPECT_EQ(records[i]["log"], records[0]["log"]);
    ++headers;
  }
  EXPECT_EQ(headers, 4U);
  const auto report = Verify();
  EXPECT_THAT(breaks_, IsEmpty());
  EXPECT_EQ(report.segments, 4U);
  EXPECT_EQ(report.lines, records.size());
  EXPECT_EQ(report.last_seq, records.size());
}

TEST_F(AuditSegments, OldOnesGoAndTheLogSaysSo) {
  AuditFileOptions options = Small();
  options.keep_segments = 2;
  const auto log = MustOpen(options);
  Fill(*log, 6);
  ASSERT_THAT(SegmentsIn(folder_), SizeIs(2));
  EXPECT_THAT(NoticesIn(folder_, "audit.pruned"), testing::Not(IsEmpty()));
  const auto report = Verify();
  EXPECT_THAT(breaks_, IsEmpty());
  EXPECT_GT(report.first_seq, 10U);
  EXPECT_EQ(report.pruned_up_to, report.first_seq - 1);
  EXPECT_GT(report.checkpoints, 0U);
  // The checkpoints of what is gone are gone as well.
  EXPECT_LT(report.checkpoints, checkpoints_.size());
  // One more that is gone is missed.
  std::filesystem::remove(folder_ + "/" + SegmentsIn(folder_).front());
  Verify();
  EXPECT_THAT(breaks_, testing::Contains(HasSubstr("no record says that they were removed")));
}

TEST_F(AuditSegments, WhatAnEarlierRunShouldHaveRemovedIsRemoved) {
  {
    const auto log = MustOpen(Small());
    Fill(*log, 4);
  }
  AuditFileOptions options = Small();
  options.keep_segments = 1;
  const auto log = MustOpen(options);
  ASSERT_TRUE(log->Tend(Start()));
  EXPECT_THAT(SegmentsIn(folder_), SizeIs(1));
  Verify();
  EXPECT_THAT(breaks_, IsEmpty());
}

TEST_F(AuditSegments, CheckpointsComeByNumberAndByTime) {
  AuditFileOptions options = OptionsFor(folder_);
  options.checkpoint_records = 10;
  options.checkpoint_interval = Seconds(60);
  options.on_checkpoint = [this](const std::string& text) { checkpoints_.push_back(text); };
  const auto log = MustOpen(options);
  WriteDecisions(*log, 5);
  ASSERT_TRUE(log->Tend(After(Seconds(1))));
  EXPECT_THAT(checkpoints_, IsEmpty());
  WriteDecisions(*log, 5);
  ASSERT_TRUE(log->Tend(After(Seconds(2))));
  EXPECT_THAT(checkpoints_, SizeIs(1));  // Ten lines and a header.
  WriteDecisions(*log, 1);
  ASSERT_TRUE(log->Tend(After(Seconds(61))));
  EXPECT_THAT(checkpoints_, SizeIs(1));
  ASSERT_TRUE(log->Tend(After(Seconds(62))));
  EXPECT_THAT(checkpoints_, SizeIs(2));
  ASSERT_TRUE(log->Tend(After(Seconds(600))));
  ASSERT_TRUE(log->Finish(After(Seconds(601))));
  EXPECT_THAT(checkpoints_, SizeIs(2));  // Nothing new to say.
  std::string file;
  for (const std::string& text : checkpoints_) file += text + "\n";
  EXPECT_EQ(ReadAll(folder_ + "/checkpoints"), file);
  EXPECT_EQ(Verify(checkpoints_).checkpoints, 4U);
}

TEST_F(AuditSegments, ACheckpointNamesOnlyWhatIsOnTheDisk) {
  FailingAuditDisk disk;
  AuditFileOptions options = OptionsFor(folder_);
  options.checkpoint_records = 1;
  const auto log = MustOpen(options, disk);
  WriteDecisions(*log, 3);
  disk.FailSyncs(true);
  EXPECT_FALSE(log->Tend(Start()));
  EXPECT_EQ(ReadAll(folder_ + "/checkpoints"), "");
  disk.FailSyncs(false);
  EXPECT_TRUE(log->Tend(Start()));
  const auto read = ParseCheckpoint(ReadAll(folder_ + "/checkpoints"));
  ASSERT_TRUE(read);
  EXPECT_EQ(read->point.seq, 4U);  // The notice of the failure comes later.
}

TEST_F(AuditSegments, CheckpointsAreSignedByTheKeyThatIsExported) {
  const auto log = MustOpen(Small());
  Fill(*log, 1);
  const auto key = CheckpointPublicKey::ParsePem(log->PublicKeyPem());
  ASSERT_TRUE(key);
  const auto names = NamesIn(folder_, "checkpoint-");
  ASSERT_THAT(names, SizeIs(1));
  EXPECT_EQ(names.front(), "checkpoint-" + key->id().substr(0, 16) + ".pub");
  EXPECT_EQ(ReadAll(folder_ + "/" + names.front()), log->PublicKeyPem());
  ASSERT_THAT(checkpoints_, SizeIs(1));
  EXPECT_TRUE(IsSignedBy(*key, checkpoints_.front()));
  EXPECT_TRUE(IsSignedBy(*key, "\n " + checkpoints_.front() + "\n"));
  const auto read = ParseCheckpoint(checkpoints_.front());
  EXPECT_EQ(read->key, key->id());
  EXPECT_EQ(read->log, RecordsIn(folder_)[0]["log"]);
  EXPECT_EQ(read->time, Start().wall);
}

TEST_F(AuditSegments, AnyFlippedBitOfACheckpointIsSeen) {
  const auto log = MustOpen(Small());
  Fill(*log, 1);
  const auto key = CheckpointPublicKey::ParsePem(log->PublicKeyPem());
  const std::string good = checkpoints_.front();
  for (std::size_t at = 0; at < good.size(); ++at) {
    std::string changed = good;
    changed[at] = static_cast<char>(changed[at] ^ (1 << (at % 7)));
    ASSERT_FALSE(IsSignedBy(*key, changed)) << changed;
  }
}

TEST_F(AuditSegments, AFailureToSignIsTriedAgain) {
  FailingAuditDisk disk;
  const auto log = MustOpen(Small(), disk);
  WriteDecisions(*log, 1);
  ASSERT_TRUE(log->Tend(Start()));
  std::filesystem::remove(folder_ + "/checkpoints");
  WriteDecisions(*log, 1);
  disk.FailNow();
  EXPECT_FALSE(log->Finish(Start()));
  EXPECT_THAT(log->Degraded(), testing::Not(IsEmpty()));
  disk.Mend();
  EXPECT_TRUE(log->Finish(Start()));
  EXPECT_THAT(log->Degraded(), IsEmpty());
  EXPECT_THAT(checkpoints_, SizeIs(1));
}

TEST(CheckpointKey, ReadsBackOnlyWhatItWrote) {
  const auto made = CheckpointKey::Make();
  ASSERT_TRUE(made);
  const std::string pem = made->key.public_key().Pem();
  ASSERT_TRUE(CheckpointPublicKey::ParsePem(pem));
  EXPECT_EQ(CheckpointPublicKey::ParsePem(pem)->id(), made->key.public_key().id());
  for (std::size_t at = 0; at < pem.size(); ++at) {
    std::string changed = pem;
    changed[at] = static_cast<char>(changed[at] ^ 1);
    const auto read = CheckpointPublicKey::ParsePem(changed);
    EXPECT_FALSE(read && read->id() == made->key.public_key().id()) << changed;
    EXPECT_FALSE(CheckpointPublicKey::ParsePem(pem.substr(0, at))) << at;
  }
  EXPECT_FALSE(CheckpointPublicKey::ParsePem(pem + pem));
  EXPECT_FALSE(CheckpointKey::Parse(made->pkcs8.Reveal().first(100)));
  EXPECT_TRUE(CheckpointKey::Parse(made->pkcs8.Reveal()));
}

}  // namespace
}  // namespace surety
