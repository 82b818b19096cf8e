#include "agent/record/audit_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <set>
#include <thread>

#include "agent/record/audit_tender.h"
#include "agent/record/audit_verify.h"
#include "tests/fakes/failing_audit_disk.h"
#include "tests/fakes/fake_clock.h"
#include "tests/unit/record/record_support.h"

namespace surety {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::MatchesRegex;
using testing::SizeIs;

class AuditFileTest : public testing::Test {
 protected:
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
};

TEST_F(AuditFileTest, BeginsWithAHeaderInAFolderOfItsOwn) {
  const auto log = MustOpen(OptionsFor(folder_));
  EXPECT_EQ(ModeOf(folder_), 0700U);
  for (const std::string& name : NamesIn(folder_, ""))
    EXPECT_EQ(ModeOf(folder_ + "/" + name), 0600U) << name;
  EXPECT_THAT(SegmentsIn(folder_), ElementsAre("audit-00000000000000000001.jsonl"));
  const auto records = RecordsIn(folder_);
  ASSERT_THAT(records, SizeIs(1));
  EXPECT_EQ(records[0]["seq"], 1);
  EXPECT_EQ(records[0]["type"], "segment");
  EXPECT_EQ(records[0]["version"], 1);
  EXPECT_EQ(records[0]["previous"], "");
  EXPECT_EQ(records[0]["segment"], "audit-00000000000000000001.jsonl");
  EXPECT_THAT(records[0]["log"].get<std::string>(), MatchesRegex("[0-9a-f]{16}"));
}

TEST_F(AuditFileTest, RecordsAreNumberedAndChained) {
  const auto log = MustOpen(OptionsFor(folder_));
  const auto ids = WriteDecisions(*log, 3);
  ASSERT_TRUE(log->Note({.at = Start(), .what = "clock.set", .details = {{"by", "1h"}}}));
  const auto records = RecordsIn(folder_);
  ASSERT_THAT(records, SizeIs(5));
  for (std::size_t i = 0; i < 5; ++i) {
    EXPECT_EQ(records[i]["seq"], i + 1);
    const auto before = i == 0 ? std::string(64, '0') : records[i - 1]["hash"].get<std::string>();
    EXPECT_EQ(records[i]["prev"], before);
  }
  EXPECT_EQ(records[1]["decision"], ids[0]);
  EXPECT_THAT(ids[0], MatchesRegex("[0-9a-f]{8}-2"));
  EXPECT_EQ(records[4]["what"], "clock.set");
  EXPECT_EQ(records[4]["details"]["by"], "1h");
  EXPECT_THAT(Breaks(), IsEmpty());
}

TEST_F(AuditFileTest, GoesOnAfterARestart) {
  const auto first = WriteDecisions(*MustOpen(OptionsFor(folder_)), 2);
  const auto second = WriteDecisions(*MustOpen(OptionsFor(folder_)), 2);
  EXPECT_THAT(SegmentsIn(folder_), SizeIs(1));
  EXPECT_THAT(RecordsIn(folder_), SizeIs(5));
  EXPECT_THAT(second[0], testing::EndsWith("-4"));
  EXPECT_THAT(Breaks(), IsEmpty());
}

// Even if the end of the log is lost, and its numbers come again.
TEST_F(AuditFileTest, IdsOfDecisionsNeverComeAgain) {
  std::set<std::string> ids;
  for (int run = 0; run < 20; ++run) {
    for (const std::string& id : WriteDecisions(*MustOpen(OptionsFor(folder_)), 2)) ids.insert(id);
    for (const std::string& name : SegmentsIn(folder_))
      std::filesystem::remove(folder_ + "/" + name);
  }
  EXPECT_EQ(ids.size(), 40U);
}

// While segments begin and checkpoints are signed.
TEST_F(AuditFileTest, ManyThreadsWriteOneChain) {
  constexpr std::size_t kThreads = 8;
  std::vector<std::vector<std::string>> ids(kThreads);
  {
    AuditFileOptions options = OptionsFor(folder_);
    options.segment_bytes = 100'000;
    options.checkpoint_records = 100;
    const auto log = MustOpen(options);
    std::atomic<int> rotations = 0;
    std::vector<std::jthread> threads;
    for (std::size_t i = 0; i < kThreads; ++i) {
      threads.emplace_back([&, i] {
        while (rotations < 4)
          for (std::string& id : WriteDecisions(*log, 10)) ids[i].push_back(std::move(id));
      });
    }
    while (rotations < 4) {
      const std::string segment = log->Status().segment;
      EXPECT_TRUE(log->Tend(Start()));
      if (log->Status().segment != segment) ++rotations;
    }
  }
  std::set<std::string> all;
  for (const auto& some : ids) {
    // Each thread sees its own records in order.
    std::uint64_t last = 0;
    for (const std::string& id : some) {
      const auto seq = std::stoull(id.substr(id.find('-') + 1));
      EXPECT_GT(seq, last);
      last = seq;
      all.insert(id);
    }
  }
  std::set<std::string> recorded;
  for (const auto& record : RecordsIn(folder_))
    if (record["type"] == "decision") recorded.insert(record["decision"].get<std::string>());
  EXPECT_EQ(recorded, all);
  EXPECT_THAT(SegmentsIn(folder_), SizeIs(5));
  EXPECT_THAT(Breaks(), IsEmpty());
}

TEST_F(AuditFileTest, OneDaemonAtATime) {
  const auto log = MustOpen(OptionsFor(folder_));
  AuditDisk disk;
  const auto second = AuditFile::Open(OptionsFor(folder_), Start(), disk);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code(), ErrorCode::kAlreadyExists);
}

TEST_F(AuditFileTest, RefusesWhatIsNotItsOwn) {
  AuditDisk disk;
  const auto code = [&] {
    const auto opened = AuditFile::Open(OptionsFor(folder_), Start(), disk);
    EXPECT_FALSE(opened);
    return opened ? ErrorCode::kInternal : opened.error().code();
  };
  EXPECT_EQ((AuditFile::Open(OptionsFor(scratch_ / "no/audit"), Start(), disk)).has_value(), false);

  std::filesystem::create_directory(scratch_ / "real");
  std::filesystem::permissions(scratch_ / "real", std::filesystem::perms::owner_all);
  std::filesystem::create_directory_symlink(scratch_ / "real", folder_);
  EXPECT_EQ(code(), ErrorCode::kPermissionDenied);
  std::filesystem::remove(folder_);

  MustOpen(OptionsFor(folder_));
  std::filesystem::permissions(folder_, std::filesystem::perms(0750));
  EXPECT_EQ(code(), ErrorCode::kPermissionDenied);
  std::filesystem::permissions(folder_, std::filesystem::perms(0700));
  const std::string segment = folder_ + "/" + SegmentsIn(folder_).front();
  std::filesystem::permissions(segment, std::filesystem::perms(0640));
  EXPECT_EQ(code(), ErrorCode::kPermissionDenied);
  std::filesystem::rename(segment, scratch_ / "moved");
  std::filesystem::create_symlink(scratch_ / "moved", segment);
  EXPECT_EQ(code(), ErrorCode::kPermissionDenied);
}

TEST_F(AuditFileTest, BringsLinesToTheDiskWhenTended) {
  FailingAuditDisk disk;
  const auto log = MustOpen(OptionsFor(folder_), disk);
  WriteDecisions(*log, 5);
  EXPECT_EQ(log->Status().last_seq, 6U);
  EXPECT_EQ(log->Status().synced_seq, 1U);
  ASSERT_TRUE(log->Tend(Start()));
  EXPECT_EQ(log->Status().synced_seq, 6U);
  const int operations = disk.operations();
  ASSERT_TRUE(log->Tend(Start()));
  EXPECT_EQ(disk.operations(), operations);  // Nothing new: the disk is left alone.
}

TEST_F(AuditFileTest, ARefusalThatRevokesIsUrgent) {
  const auto log = MustOpen(OptionsFor(folder_));
  ASSERT_TRUE(log->Write(ExecDrift(Start()).event()));
  const auto before = std::chrono::steady_clock::now();
  log->WaitForUrgent(std::chrono::seconds(60));
  EXPECT_LT(std::chrono::steady_clock::now() - before, std::chrono::seconds(30));
}

TEST_F(AuditFileTest, TheTenderSyncsWithinASecondAndAtTheEnd) {
  const auto log = MustOpen(OptionsFor(folder_));
  const FakeClock clock(Start().wall, Start().boot);
  const auto logger = MakeQuietLogger();
  {
    const AuditTender tender(*log, clock, *logger);
    WriteDecisions(*log, 5);
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (log->Status().synced_seq < 6 && std::chrono::steady_clock::now() < deadline)
      std::this_thread::yield();
    EXPECT_EQ(log->Status().synced_seq, 6U);
    WriteDecisions(*log, 1);
  }
  EXPECT_EQ(log->Status().synced_seq, 7U);
  EXPECT_EQ(log->Status().checkpoint_seq, 7U);
}

TEST_F(AuditFileTest, SomebodyElseWhoEmptiesTheFileIsSeen) {
  const auto log = MustOpen(OptionsFor(folder_));
  WriteDecisions(*log, 3);
  std::filesystem::resize_file(folder_ + "/" + SegmentsIn(folder_).front(), 0);
  ASSERT_TRUE(log->Tend(Start()));
  WriteDecisions(*log, 1);
  EXPECT_THAT(SegmentsIn(folder_), SizeIs(2));
  EXPECT_THAT(NoticesIn(folder_, "audit.touched"), SizeIs(1));
  EXPECT_THAT(Breaks(), testing::Not(IsEmpty()));
}

TEST_F(AuditFileTest, SomebodyElseWhoRemovesTheFileIsSeen) {
  const auto log = MustOpen(OptionsFor(folder_));
  WriteDecisions(*log, 3);
  std::filesystem::remove(folder_ + "/" + SegmentsIn(folder_).front());
  ASSERT_TRUE(log->Tend(Start()));
  WriteDecisions(*log, 1);
  const auto notices = NoticesIn(folder_, "audit.touched");
  ASSERT_THAT(notices, SizeIs(1));
  EXPECT_EQ(notices[0]["details"]["links"], "0");
  EXPECT_THAT(Breaks(), ElementsAre(HasSubstr("lines 1 to 4 are missing")));
}

}  // namespace
}  // namespace surety
