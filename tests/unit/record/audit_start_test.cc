// What a start makes of the log that it finds.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "agent/record/audit_file.h"
#include "agent/record/audit_verify.h"
#include "tests/fakes/failing_audit_disk.h"
#include "tests/unit/record/record_support.h"

namespace surety {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

class AuditStart : public testing::Test {
 protected:
  void SetUp() override {
    const auto log = MustOpen(Options());
    WriteDecisions(*log, 5);
    ASSERT_TRUE(log->Finish(Start()));
  }

  [[nodiscard]] AuditFileOptions Options() {
    AuditFileOptions options = OptionsFor(folder_);
    options.on_checkpoint = [this](const std::string& text) { checkpoints_.push_back(text); };
    return options;
  }
  [[nodiscard]] std::string Segment(std::size_t number = 0) const {
    return folder_ + "/" + SegmentsIn(folder_).at(number);
  }
  [[nodiscard]] std::vector<std::string> Breaks() const {
    std::vector<std::string> breaks;
    const auto report = VerifyAudit(folder_, {}, [&](const AuditBreak& one) {
      breaks.push_back(one.segment + ":" + std::to_string(one.line) + ": " + one.what);
    });
    EXPECT_TRUE(report) << report.error().Text();
    return breaks;
  }

  ScratchFolder scratch_;
  std::string folder_ = scratch_ / "audit";
  std::vector<std::string> checkpoints_;
};

TEST_F(AuditStart, ATornLineIsMovedAsideAndTold) {
  const std::string whole = ReadAll(Segment());
  std::ofstream(Segment(), std::ios::app) << R"({"seq":7,"prev":"12)";
  const auto log = MustOpen(Options());
  EXPECT_THAT(log->Degraded(), IsEmpty());
  WriteDecisions(*log, 1);
  EXPECT_THAT(ReadAll(Segment()), testing::StartsWith(whole + "{\"seq\":7,\"prev\":\""));
  const auto notices = NoticesIn(folder_, "audit.torn");
  ASSERT_THAT(notices, SizeIs(1));
  EXPECT_EQ(notices[0]["severity"], "warning");
  EXPECT_EQ(notices[0]["details"]["bytes"], "19");
  const std::string torn = notices[0]["details"]["file"];
  EXPECT_EQ(torn, SegmentsIn(folder_).front() + ".torn-1");
  EXPECT_EQ(ReadAll(folder_ + "/" + torn), R"({"seq":7,"prev":"12)");
  EXPECT_EQ(ModeOf(folder_ + "/" + torn), 0600U);
  EXPECT_THAT(Breaks(), IsEmpty());
}

TEST_F(AuditStart, TornLinesDoNotOverwriteEachOther) {
  for (int i = 1; i <= 3; ++i) {
    std::ofstream(Segment(), std::ios::app) << "torn" << i;
    MustOpen(Options());
  }
  for (int i = 1; i <= 3; ++i) {
    EXPECT_EQ(ReadAll(Segment() + ".torn-" + std::to_string(i)), "torn" + std::to_string(i));
  }
  EXPECT_THAT(Breaks(), IsEmpty());
}

// As a power cut leaves them on some file systems.
TEST_F(AuditStart, ZerosAtTheEndAreATornLine) {
  std::filesystem::resize_file(Segment(), std::filesystem::file_size(Segment()) + 3'000'000);
  WriteDecisions(*MustOpen(Options()), 1);
  EXPECT_EQ(NoticesIn(folder_, "audit.torn")[0]["details"]["bytes"], "3000000");
  EXPECT_THAT(Breaks(), IsEmpty());
}

TEST_F(AuditStart, ASegmentWithoutAHeaderIsNone) {
  for (const std::string text : {"", "{\"seq\":7,\"prev\":\"00"}) {
    WriteAll(folder_ + "/audit-00000000000000000007.jsonl", text);
    std::filesystem::permissions(folder_ + "/audit-00000000000000000007.jsonl",
                                 std::filesystem::perms(0600));
    WriteDecisions(*MustOpen(Options()), 1);
    EXPECT_THAT(SegmentsIn(folder_), SizeIs(1));
    EXPECT_THAT(Breaks(), IsEmpty());
  }
  EXPECT_THAT(NoticesIn(folder_, "audit.torn"), SizeIs(1));
}

TEST_F(AuditStart, ABrokenChainIsToldAndGoneOnFromInANewSegment) {
  std::string text = ReadAll(Segment());
  text[text.find("4711")] = '5';
  WriteAll(Segment(), text);
  const auto log = MustOpen(Options());
  ASSERT_THAT(log->Degraded(), SizeIs(1));
  EXPECT_THAT(log->Degraded().front(),
              HasSubstr("line 2: the line was changed: its hash does not fit what is in it"));
  WriteDecisions(*log, 2);
  EXPECT_THAT(SegmentsIn(folder_), SizeIs(2));
  EXPECT_EQ(ReadAll(Segment()), text);
  const auto notices = NoticesIn(folder_, "audit.broken");
  ASSERT_THAT(notices, SizeIs(1));
  EXPECT_EQ(notices[0]["severity"], "high");
  EXPECT_EQ(notices[0]["details"]["seq"], "2");
  EXPECT_THAT(Breaks(), SizeIs(1));  // The one that was found: going on adds none.
}

TEST_F(AuditStart, ALineThatIsNoneIsABreak) {
  std::ofstream(Segment(), std::ios::app) << "root was here\n";
  const auto log = MustOpen(Options());
  EXPECT_THAT(log->Degraded(), SizeIs(1));
  EXPECT_THAT(Breaks(), SizeIs(1));
}

TEST_F(AuditStart, AMissingEndIsSeenByTheFoldersOwnCheckpoint) {
  const auto lines = LinesIn(folder_);
  std::string text;
  for (std::size_t i = 0; i < 4; ++i) text += lines[i] + "\n";
  WriteAll(Segment(), text);
  const auto log = MustOpen(Options());
  ASSERT_THAT(log->Degraded(), SizeIs(1));
  EXPECT_THAT(log->Degraded().front(),
              HasSubstr("the end of the log is missing: its last line is 4, and a checkpoint names "
                        "line 6"));
  // Their numbers are not given again, so that the hole stays where it is.
  EXPECT_THAT(SegmentsIn(folder_).back(), "audit-00000000000000000007.jsonl");
  EXPECT_THAT(Breaks(), ElementsAre(HasSubstr("lines 5 to 6 are missing before this line")));
}

TEST_F(AuditStart, AMissingEndIsSeenByACheckpointThatWasKeptElsewhere) {
  ASSERT_THAT(checkpoints_, SizeIs(1));
  WriteAll(folder_ + "/checkpoints", "");
  const auto lines = LinesIn(folder_);
  WriteAll(Segment(), lines[0] + "\n");
  AuditFileOptions options = Options();
  options.known_checkpoints = checkpoints_;
  EXPECT_THAT(MustOpen(options)->Degraded(), ElementsAre(HasSubstr("its last line is 1")));
}

TEST_F(AuditStart, ALineThatWasWrittenAnewIsSeen) {
  const std::string before = checkpoints_.front();
  std::filesystem::remove(Segment());
  std::filesystem::remove(folder_ + "/checkpoints");
  {
    const auto forged = MustOpen(Options());
    WriteDecisions(*forged, 9);
    ASSERT_TRUE(forged->Finish(Start()));
  }
  AuditFileOptions options = Options();
  options.known_checkpoints = {before};
  const auto log = MustOpen(options);
  ASSERT_THAT(log->Degraded(), SizeIs(1));
  EXPECT_THAT(NoticesIn(folder_, "audit.broken"), testing::Not(IsEmpty()));
}

TEST_F(AuditStart, ALogThatIsGoneIsSeen) {
  std::filesystem::remove(Segment());
  std::filesystem::remove(folder_ + "/checkpoints");
  AuditFileOptions options = Options();
  options.known_checkpoints = checkpoints_;
  EXPECT_THAT(MustOpen(options)->Degraded(),
              ElementsAre(HasSubstr("the log is gone: a checkpoint names line 6")));
}

TEST_F(AuditStart, AForgedCheckpointIsTold) {
  AuditFileOptions options = Options();
  std::string forged = checkpoints_.front();
  forged.replace(forged.find("\"seq\":6"), 7, "\"seq\":9");
  options.known_checkpoints = {forged, "nonsense"};
  const auto log = MustOpen(options);
  ASSERT_THAT(log->Degraded(), SizeIs(1));
  EXPECT_THAT(log->Degraded().front(), HasSubstr("not signed by a key of this log"));
  EXPECT_THAT(NoticesIn(folder_, "audit.broken"), SizeIs(2));
}

TEST_F(AuditStart, ACheckpointThatWasCutOffIsDropped) {
  std::ofstream(folder_ + "/checkpoints", std::ios::app) << R"({"type":"checkpo)";
  const auto log = MustOpen(Options());
  EXPECT_THAT(log->Degraded(), IsEmpty());
  WriteDecisions(*log, 1);
  ASSERT_TRUE(log->Finish(Start()));
  EXPECT_THAT(Breaks(), IsEmpty());
}

TEST_F(AuditStart, ADamagedKeyIsNotReplacedInSilence) {
  WriteAll(folder_ + "/checkpoint.key", "x");
  AuditDisk disk;
  const auto opened = AuditFile::Open(Options(), Start(), disk);
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code(), ErrorCode::kDataLoss);
  EXPECT_THAT(opened.error().Text(), HasSubstr("remove it to have a new key made"));
}

TEST_F(AuditStart, ALostKeyIsReplacedAndToldAndTheOldCheckpointsStillCount) {
  std::filesystem::remove(folder_ + "/checkpoint.key");
  const auto log = MustOpen(Options());
  EXPECT_THAT(log->Degraded(), ElementsAre(HasSubstr("the key of the checkpoints was gone")));
  WriteDecisions(*log, 1);
  ASSERT_TRUE(log->Finish(Start()));
  EXPECT_THAT(NamesIn(folder_, "checkpoint-"), SizeIs(2));
  EXPECT_THAT(Breaks(), IsEmpty());
}

}  // namespace
}  // namespace surety
