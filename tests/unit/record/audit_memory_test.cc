// Measures memory, which a sanitizer keeps for purposes of its own: left out there.

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>

#include "agent/record/audit_file.h"
#include "agent/record/audit_verify.h"
#include "tests/unit/record/record_support.h"

namespace surety {
namespace {

// In a child of its own, whose memory is measured.
TEST(AuditVerify, AHundredThousandRecordsTakeBoundedMemory) {
  const ScratchFolder scratch;
  const std::string folder = scratch / "audit";
  {
    const auto log = MustOpen(OptionsFor(folder));
    WriteDecisions(*log, 100'000);
    ASSERT_TRUE(log->Finish(Start()));
  }
  int told[2];
  ASSERT_EQ(::pipe(told), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    rusage before{};
    ::getrusage(RUSAGE_SELF, &before);
    const auto report = VerifyAudit(folder, {}, [](const AuditBreak&) { ::_exit(2); });
    rusage after{};
    ::getrusage(RUSAGE_SELF, &after);
    const long grown = after.ru_maxrss - before.ru_maxrss;
    if (::write(told[1], &grown, sizeof grown) != sizeof grown) ::_exit(3);
    ::_exit(report && report->lines == 100'001 && report->checkpoints == 1 ? 0 : 1);
  }
  int status = -1;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  long grown = 0;
  ASSERT_EQ(::read(told[0], &grown, sizeof grown), static_cast<ssize_t>(sizeof grown));
  EXPECT_LT(grown, 16 * 1024) << "KiB, for a log of "
                              << std::filesystem::file_size(folder + "/" + SegmentsIn(folder)[0]);
}

}  // namespace
}  // namespace surety
