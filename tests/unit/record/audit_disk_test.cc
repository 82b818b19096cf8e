// Disks that are full or fail: nothing is torn, nothing is issued, and it goes on
// by itself.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent/record/audit_file.h"
#include "agent/record/audit_verify.h"
#include "tests/fakes/failing_audit_disk.h"
#include "tests/unit/record/record_support.h"

namespace surety {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

void ExpectIntact(const std::string& folder) {
  const auto report = VerifyAudit(folder, {}, [](const AuditBreak& one) {
    ADD_FAILURE() << one.segment << ":" << one.line << ": " << one.what;
  });
  ASSERT_TRUE(report) << report.error().Text();
  EXPECT_EQ(report->unfinished, 0U);
}

/// A file system of 256 KiB, in a mount namespace of the test's own.
class SmallDisk {
 public:
  SmallDisk() {
    EXPECT_EQ(::unshare(CLONE_NEWNS), 0) << "needs root";
    EXPECT_EQ(::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr), 0);
    EXPECT_EQ(::mount("tmpfs", scratch_.path().c_str(), "tmpfs", 0, "size=256k,mode=0700"), 0);
  }
  SmallDisk(const SmallDisk&) = delete;
  SmallDisk& operator=(const SmallDisk&) = delete;
  ~SmallDisk() { ::umount2(scratch_.path().c_str(), MNT_DETACH); }
  [[nodiscard]] std::string operator/(const std::string& name) const { return scratch_ / name; }

 private:
  ScratchFolder scratch_;
};

TEST(AuditOnAFullDisk, NothingIsTornAndItGoesOnByItself) {
  const SmallDisk disk;
  const std::string folder = disk / "audit";
  WriteAll(disk / "ballast", std::string(100'000, 'x'));
  const auto log = MustOpen(OptionsFor(folder));
  const MadeEvent made = FirstIssue();
  Result<std::string> last = log->Write(made.event());
  std::size_t written = 0;
  for (; last; last = log->Write(made.event())) ++written;
  EXPECT_GT(written, 20U);
  EXPECT_EQ(last.error().code(), ErrorCode::kResourceExhausted);
  EXPECT_THAT(last.error().Text(), HasSubstr(folder + "/audit-"));
  EXPECT_THAT(last.error().Text(), HasSubstr("No space left on device; free space there"));
  ExpectIntact(folder);
  ASSERT_FALSE(log->Write(made.event()));
  EXPECT_EQ(log->Status().unrecorded, 2U);
  ASSERT_THAT(log->Degraded(), SizeIs(1));
  EXPECT_THAT(log->Degraded().front(),
              HasSubstr("2 records are missing since 2026-01-01T00:00:00Z"));

  std::filesystem::remove(disk / "ballast");
  MadeEvent later = FirstIssue();
  later.at = After(Seconds(60));
  ASSERT_TRUE(log->Write(later.event()));
  EXPECT_THAT(log->Degraded(), IsEmpty());
  EXPECT_EQ(log->Status().unrecorded, 0U);
  const auto gaps = NoticesIn(folder, "audit.gap");
  ASSERT_THAT(gaps, SizeIs(1));
  EXPECT_EQ(gaps[0]["severity"], "high");
  EXPECT_EQ(gaps[0]["details"]["records"], "2");
  EXPECT_EQ(gaps[0]["details"]["since"], "2026-01-01T00:00:00Z");
  EXPECT_THAT(gaps[0]["details"]["why"].get<std::string>(), HasSubstr("No space left"));
  const auto records = RecordsIn(folder);
  EXPECT_EQ(records.back()["type"], "decision");
  EXPECT_EQ(records[records.size() - 2]["what"], "audit.gap");
  ExpectIntact(folder);
}

TEST(AuditOnAFullDisk, ARestartWaitsForNoSpace) {
  const SmallDisk disk;
  const std::string folder = disk / "audit";
  {
    const auto log = MustOpen(OptionsFor(folder));
    while (log->Write(FirstIssue().event())) continue;
  }
  const auto log = MustOpen(OptionsFor(folder));
  EXPECT_FALSE(log->Write(FirstIssue().event()));
  ExpectIntact(folder);
}

// As by LimitFSIZE= of systemd; in a child, since the limit stays.
TEST(AuditOnAFullDisk, ALimitOnFileSizeIsAFullDisk) {
  const ScratchFolder scratch;
  const std::string folder = scratch / "audit";
  const pid_t child = ::fork();
  if (child == 0) {
    ::signal(SIGXFSZ, SIG_IGN);
    const auto log = MustOpen(OptionsFor(folder));
    const rlimit limit{50'001, 50'001};
    ::setrlimit(RLIMIT_FSIZE, &limit);
    Result<std::string> last = log->Write(FirstIssue().event());
    while (last) last = log->Write(FirstIssue().event());
    ::_exit(last.error().code() == ErrorCode::kResourceExhausted ? 0 : 1);
  }
  int status = -1;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  ExpectIntact(folder);
  EXPECT_GT(LinesIn(folder).size(), 10U);
  WriteDecisions(*MustOpen(OptionsFor(folder)), 3);
  ExpectIntact(folder);
}

class AuditOnAFailingDisk : public testing::Test {
 protected:
  AuditFileOptions Options() const { return OptionsFor(scratch_ / "audit"); }

  ScratchFolder scratch_;
  std::string folder_ = scratch_ / "audit";
  FailingAuditDisk disk_;
};

TEST_F(AuditOnAFailingDisk, ShortWritesAreFinished) {
  const auto log = MustOpen(Options(), disk_);
  disk_.TakeAtMost(7);
  WriteDecisions(*log, 3);
  EXPECT_THAT(RecordsIn(folder_), SizeIs(4));
  ExpectIntact(folder_);
}

// Half of the line is in the file, and it cannot even be cut off at first.
TEST_F(AuditOnAFailingDisk, WhatCouldNotBeCutOffIsCutOffBeforeTheNextLine) {
  const auto log = MustOpen(Options(), disk_);
  WriteDecisions(*log, 1);
  disk_.FailNow();
  const auto failed = log->Write(FirstIssue().event());
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().code(), ErrorCode::kUnavailable);
  EXPECT_THAT(failed.error().Text(), HasSubstr("nothing is issued"));
  EXPECT_FALSE(log->Write(FirstIssue().event()));
  EXPECT_FALSE(log->Tend(Start()));
  disk_.Mend();
  ASSERT_TRUE(log->Tend(Start()));
  WriteDecisions(*log, 1);
  ExpectIntact(folder_);
  ASSERT_THAT(NoticesIn(folder_, "audit.gap"), SizeIs(1));
  EXPECT_EQ(NoticesIn(folder_, "audit.gap")[0]["details"]["records"], "2");
}

TEST_F(AuditOnAFailingDisk, AGapIsClosedWithoutANewRecord) {
  const auto log = MustOpen(Options(), disk_);
  disk_.FailNow();
  EXPECT_FALSE(log->Write(FirstIssue().event()));
  disk_.Mend();
  ASSERT_TRUE(log->Tend(Start()));
  EXPECT_THAT(NoticesIn(folder_, "audit.gap"), SizeIs(1));
  EXPECT_THAT(log->Degraded(), IsEmpty());
}

// The kernel may have thrown away what it could not write: nothing more is issued
// on the strength of a record until a sync succeeds.
TEST_F(AuditOnAFailingDisk, NothingIsRecordedWhileTheDiskDoesNotSync) {
  const auto log = MustOpen(Options(), disk_);
  WriteDecisions(*log, 2);
  disk_.FailSyncs(true);
  EXPECT_FALSE(log->Tend(Start()));
  const auto failed = log->Write(FirstIssue().event());
  ASSERT_FALSE(failed);
  EXPECT_THAT(failed.error().Text(), HasSubstr("does not sync"));
  EXPECT_THAT(log->Degraded(), SizeIs(2));
  EXPECT_FALSE(log->Tend(Start()));
  disk_.FailSyncs(false);
  ASSERT_TRUE(log->Tend(Start()));
  WriteDecisions(*log, 1);
  const auto notices = NoticesIn(folder_, "audit.sync_failed");
  ASSERT_THAT(notices, SizeIs(1));
  EXPECT_EQ(notices[0]["details"]["from"], "2");
  EXPECT_EQ(notices[0]["details"]["to"], "3");
  EXPECT_THAT(NoticesIn(folder_, "audit.gap"), SizeIs(1));
  EXPECT_THAT(log->Degraded(), IsEmpty());
  ExpectIntact(folder_);
}

TEST_F(AuditOnAFailingDisk, WithoutANewSegmentTheOldOneIsUsed) {
  AuditFileOptions options = Options();
  options.segment_bytes = 4'000;
  const auto log = MustOpen(options, disk_);
  WriteDecisions(*log, 5);
  ASSERT_TRUE(log->Tend(Start()));
  EXPECT_THAT(SegmentsIn(folder_), SizeIs(2));
  WriteDecisions(*log, 5);
  disk_.FailSyncs(true);
  EXPECT_FALSE(log->Tend(Start()));
  EXPECT_THAT(SegmentsIn(folder_), SizeIs(2));
  disk_.FailSyncs(false);
  ASSERT_TRUE(log->Tend(Start()));
  EXPECT_THAT(SegmentsIn(folder_), SizeIs(3));
  ExpectIntact(folder_);
}

}  // namespace
}  // namespace surety
