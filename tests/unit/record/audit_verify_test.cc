// Every way to change a log that we could think of, and what is said about it.

#include "agent/record/audit_verify.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "agent/record/audit_file.h"
#include "tests/unit/record/record_support.h"

namespace surety {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

constexpr std::size_t kSegments = 3;

/// A log of three segments of five lines each, and its checkpoints.
class AuditTampering : public testing::Test {
 protected:
  void SetUp() override {
    AuditFileOptions options = OptionsFor(folder_);
    options.segment_bytes = 5'000;
    options.on_checkpoint = [this](const std::string& text) { kept_.push_back(text); };
    const auto log = MustOpen(options);
    for (std::size_t i = 0; i < kSegments; ++i) {
      WriteDecisions(*log, 4);
      ASSERT_TRUE(i + 1 < kSegments ? log->Tend(Start()) : log->Finish(Start()));
    }
    names_ = SegmentsIn(folder_);
    ASSERT_THAT(names_, SizeIs(kSegments));
    ASSERT_THAT(LinesIn(folder_), SizeIs(15));
  }

  AuditVerifyReport Verify(const std::vector<std::string>& checkpoints = {}) {
    AuditVerifyOptions options;
    for (const auto& text : checkpoints) options.checkpoints.push_back({text, "the safe"});
    found_.clear();
    said_.clear();
    const auto report = VerifyAudit(folder_, options, [&](const AuditBreak& one) {
      found_.push_back(one);
      said_.push_back(one.what);
    });
    if (!report) ADD_FAILURE() << report.error().Text();
    if (!report) return {};
    EXPECT_EQ(report->breaks, found_.size());
    return *report;
  }
  [[nodiscard]] std::string Path(std::size_t segment) const {
    return folder_ + "/" + names_.at(segment);
  }
  std::vector<std::string> LinesOf(std::size_t segment) {
    std::istringstream text(ReadAll(Path(segment)));
    std::vector<std::string> lines;
    for (std::string line; std::getline(text, line);) lines.push_back(line);
    return lines;
  }
  void PutLines(std::size_t segment, const std::vector<std::string>& lines) {
    std::string text;
    for (const std::string& line : lines) text += line + "\n";
    WriteAll(Path(segment), text);
  }
  /// The line with other content and a hash that fits it.
  static std::string Forged(std::string line, const std::string& from, const std::string& to) {
    line.replace(line.find(from), from.size(), to);
    const auto frame = *ReadFrame(line);
    const auto hash = AuditHasher::Create()->OfLine(frame.before_hash);
    return line.replace(line.size() - 66, 64, hash->view());
  }

  ScratchFolder scratch_;
  std::string folder_ = scratch_ / "audit";
  std::vector<std::string> names_;
  std::vector<std::string> kept_;
  std::vector<AuditBreak> found_;
  std::vector<std::string> said_;
};

TEST_F(AuditTampering, AnIntactLogIsIntact) {
  const auto report = Verify(kept_);
  EXPECT_TRUE(report.intact());
  EXPECT_EQ(report.first_seq, 1U);
  EXPECT_EQ(report.last_seq, 15U);
  EXPECT_EQ(report.checkpoints, 6U);  // Three, in the folder and in the safe.
  EXPECT_EQ(report.last_checkpoint, 15U);
  EXPECT_THAT(report.log, SizeIs(16));
}

TEST_F(AuditTampering, AChangedLineIsNamedOnce) {
  auto lines = LinesOf(1);
  lines[2].replace(lines[2].find("\"uid\":1000"), 10, "\"uid\":1001");
  PutLines(1, lines);
  Verify();
  ASSERT_THAT(found_, SizeIs(1));
  EXPECT_EQ(found_[0].segment, names_[1]);
  EXPECT_EQ(found_[0].line, 3U);
  EXPECT_EQ(found_[0].seq, 8U);
  EXPECT_THAT(found_[0].what, HasSubstr("was changed"));
}

TEST_F(AuditTampering, AChangedHashIsNamedOnce) {
  auto lines = LinesOf(1);
  char& digit = lines[2][lines[2].size() - 3];
  digit = digit == '0' ? '1' : '0';
  PutLines(1, lines);
  Verify();
  ASSERT_THAT(found_, SizeIs(1));
  EXPECT_EQ(found_[0].seq, 8U);
}

TEST_F(AuditTampering, AForgedLineDoesNotFitTheNext) {
  auto lines = LinesOf(1);
  lines[2] = Forged(lines[2], "\"uid\":1000", "\"uid\":1001");
  PutLines(1, lines);
  Verify();
  ASSERT_THAT(found_, SizeIs(1));
  EXPECT_EQ(found_[0].seq, 9U);
  EXPECT_THAT(found_[0].what, HasSubstr("one of them was replaced"));
}

TEST_F(AuditTampering, ADeletedLineIsMissed) {
  auto lines = LinesOf(1);
  lines.erase(lines.begin() + 1, lines.begin() + 3);
  PutLines(1, lines);
  Verify();
  EXPECT_THAT(said_, ElementsAre("lines 7 to 8 are missing before this line"));
  EXPECT_EQ(found_[0].line, 2U);
  EXPECT_EQ(found_[0].seq, 7U);
}

TEST_F(AuditTampering, LinesThatChangedPlacesAreOutOfOrder) {
  auto lines = LinesOf(1);
  std::swap(lines[1], lines[2]);
  PutLines(1, lines);
  Verify();
  EXPECT_THAT(said_,
              ElementsAre("line 7 is missing before this line",
                          "the line stands out of order, or was put in: line 9 belongs here"));
}

TEST_F(AuditTampering, ALineThatWasPutInIsSeen) {
  auto lines = LinesOf(1);
  lines.insert(lines.begin() + 2, lines[1]);
  PutLines(1, lines);
  Verify();
  ASSERT_THAT(found_, SizeIs(1));
  EXPECT_THAT(found_[0].what, HasSubstr("out of order, or was put in"));
  EXPECT_EQ(found_[0].line, 3U);
}

TEST_F(AuditTampering, SeveralBreaksAreAllTold) {
  auto lines = LinesOf(0);
  lines[1][100] ^= 1;
  PutLines(0, lines);
  lines = LinesOf(1);
  lines.erase(lines.begin() + 2);
  PutLines(1, lines);
  lines = LinesOf(2);
  lines[4][200] ^= 1;
  PutLines(2, lines);
  Verify();
  ASSERT_THAT(found_, SizeIs(3));
  EXPECT_EQ(found_[0].segment, names_[0]);
  EXPECT_EQ(found_[1].segment, names_[1]);
  EXPECT_EQ(found_[2].segment, names_[2]);
}

TEST_F(AuditTampering, AMissingSegmentIsNamed) {
  std::filesystem::remove(Path(1));
  Verify();
  ASSERT_THAT(found_, SizeIs(1));
  EXPECT_EQ(found_[0].what, names_[1] + " is missing: lines 6 to 10 are gone");
}

TEST_F(AuditTampering, AMissingFirstSegmentIsMissed) {
  std::filesystem::remove(Path(0));
  Verify();
  EXPECT_THAT(said_, ElementsAre("lines 1 to 5 are missing, and no record says that they were "
                                 "removed as too old"));
}

TEST_F(AuditTampering, SegmentsThatChangedNamesAreSeen) {
  std::filesystem::rename(Path(1), scratch_ / "x");
  std::filesystem::rename(Path(2), Path(1));
  std::filesystem::rename(scratch_ / "x", Path(2));
  Verify();
  EXPECT_THAT(said_, Contains(HasSubstr("the file is not the segment that its header names")));
}

TEST_F(AuditTampering, AMissingEndIsSeenByTheFoldersCheckpoints) {
  auto lines = LinesOf(2);
  lines.resize(3);
  PutLines(2, lines);
  Verify();
  EXPECT_THAT(said_,
              ElementsAre(HasSubstr("the last line is 13, and the checkpoint names line 15")));
  std::filesystem::remove(Path(2));
  Verify();
  EXPECT_THAT(said_, ElementsAre(HasSubstr("the last line is 10")));
}

TEST_F(AuditTampering, AMissingEndIsSeenByACheckpointFromElsewhere) {
  auto lines = LinesOf(2);
  lines.resize(3);
  PutLines(2, lines);
  const std::string checkpoints = ReadAll(folder_ + "/checkpoints");
  WriteAll(folder_ + "/checkpoints", checkpoints.substr(0, checkpoints.find('\n') + 1));
  EXPECT_TRUE(Verify().intact());  // The folder alone does not know better.
  Verify({kept_.back() + "\n"});
  EXPECT_THAT(said_, ElementsAre(HasSubstr("the checkpoint of the safe names line 15")));
}

TEST_F(AuditTampering, AHistoryWrittenAnewIsSeenByACheckpoint) {
  // All hashes right, from one line on.
  auto lines = LinesOf(2);
  lines[2] = Forged(lines[2], "\"uid\":1000", "\"uid\":1001");
  for (std::size_t i = 3; i < lines.size(); ++i) {
    const std::string old = std::string(ReadFrame(lines[i])->prev);
    lines[i] = Forged(lines[i], old, std::string(ReadFrame(lines[i - 1])->hash));
  }
  PutLines(2, lines);
  Verify();
  ASSERT_THAT(found_, SizeIs(1));
  EXPECT_THAT(found_[0].what,
              HasSubstr("line 15 is not the one that the checkpoint names: the log "
                        "was written anew; the last one that agrees is that of line"));
}

TEST_F(AuditTampering, AForgedCheckpointIsSeen) {
  std::string text = ReadAll(folder_ + "/checkpoints");
  text.replace(text.find("\"seq\":6"), 7, "\"seq\":5");
  WriteAll(folder_ + "/checkpoints", text);
  Verify({"nonsense"});
  EXPECT_THAT(said_,
              ElementsAre("the checkpoint was changed: its signature does not fit",
                          "the checkpoint of the safe is damaged: it is not what Surety writes"));
  EXPECT_EQ(found_[0].segment, "checkpoints");
  EXPECT_EQ(found_[0].line, 1U);
}

TEST_F(AuditTampering, CheckpointsOutOfOrderAreSeen) {
  const std::string text = ReadAll(folder_ + "/checkpoints");
  WriteAll(folder_ + "/checkpoints", text + text.substr(0, text.find('\n') + 1));
  Verify();
  EXPECT_THAT(said_, ElementsAre("the checkpoint stands out of order"));
}

TEST_F(AuditTampering, AnotherKeyIsSeenByTheKeyThatWasKept) {
  const auto other = CheckpointKey::Make();
  AuditVerifyOptions options{.checkpoints = {}, .key = other->key.public_key()};
  int breaks = 0;
  const auto report = VerifyAudit(folder_, options, [&](const AuditBreak& one) {
    EXPECT_THAT(one.what, HasSubstr("signed by a key that is not known here"));
    ++breaks;
  });
  ASSERT_TRUE(report);
  EXPECT_EQ(breaks, 3);
  EXPECT_EQ(report->checkpoints, 0U);
}

TEST_F(AuditTampering, AnotherLogsSegmentsAreSeen) {
  const std::string mine = ReadAll(Path(0));
  const ScratchFolder other;
  WriteDecisions(*MustOpen(OptionsFor(other / "audit")), 4);
  WriteAll(Path(0), ReadAll(other / "audit/" + names_[0]));
  Verify();
  EXPECT_THAT(said_, Contains(HasSubstr("the segment is of another log")));
}

TEST_F(AuditTampering, WithoutALogThereIsNothingToSay) {
  const auto none = VerifyAudit(scratch_.path(), {}, [](const AuditBreak&) { FAIL(); });
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().code(), ErrorCode::kNotFound);
  for (const std::string& name : names_) std::filesystem::remove(folder_ + "/" + name);
  Verify();
  EXPECT_THAT(said_, ElementsAre(HasSubstr("the log is gone")));
}

TEST_F(AuditTampering, ALastLineThatWasNotFinishedIsNoBreak) {
  const auto lines = LinesOf(2);
  std::ofstream(Path(2), std::ios::app) << lines.back().substr(0, 200);
  const auto report = Verify();
  EXPECT_TRUE(report.intact());
  EXPECT_EQ(report.unfinished, 200U);
  // In a segment that another one follows it is.
  std::ofstream(Path(1), std::ios::app) << "{\"seq\":";
  EXPECT_EQ(Verify().breaks, 1U);
}

// Whatever byte of the log or its checkpoints is changed, to whatever: it is found.
TEST_F(AuditTampering, AnyChangedByteIsFound) {
  std::mt19937 random(1);
  std::vector<std::string> files{folder_ + "/checkpoints"};
  for (std::size_t i = 0; i < kSegments; ++i) files.push_back(Path(i));
  for (int i = 0; i < 600; ++i) {
    const std::string& file = files[random() % files.size()];
    const std::string good = ReadAll(file);
    std::string changed = good;
    // The last byte, a newline, is tried as often as all the others together.
    const std::size_t at = i % 20 == 0 ? good.size() - 1 : random() % good.size();
    changed[at] = static_cast<char>(changed[at] ^ static_cast<char>(1 + random() % 255));
    WriteAll(file, changed);
    ASSERT_GT(Verify().breaks, 0U)
        << file << " byte " << at << " became " << static_cast<int>(changed[at]);
    WriteAll(file, good);
  }
  EXPECT_TRUE(Verify(kept_).intact());
}

// And whatever line is removed, repeated or moved, but at the very end.
TEST_F(AuditTampering, AnyMovedLineIsFound) {
  std::mt19937 random(2);
  for (int i = 0; i < 200; ++i) {
    const std::size_t segment = random() % kSegments;
    const auto good = LinesOf(segment);
    auto lines = good;
    const std::size_t from = random() % good.size();
    if (random() % 2 == 0) lines.erase(lines.begin() + static_cast<std::ptrdiff_t>(from));
    lines.insert(lines.begin() + static_cast<std::ptrdiff_t>(random() % (lines.size() + 1)),
                 good[random() % good.size()]);
    if (lines == good) continue;
    PutLines(segment, lines);
    ASSERT_GT(Verify().breaks, 0U);
    PutLines(segment, good);
  }
}

}  // namespace
}  // namespace surety
