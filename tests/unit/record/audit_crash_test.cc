// The daemon dies, or the disk fails, at every single operation of its life; and
// it is killed at random moments.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <random>
#include <set>
#include <thread>

#include "agent/record/audit_file.h"
#include "agent/record/audit_verify.h"
#include "tests/fakes/failing_audit_disk.h"
#include "tests/unit/record/record_support.h"

namespace surety {
namespace {

using testing::IsEmpty;

AuditFileOptions Small(const std::string& folder) {
  AuditFileOptions options = OptionsFor(folder);
  options.segment_bytes = 5'000;
  options.checkpoint_records = 3;
  return options;
}

// Two starts, each with a few records, a full segment and what Tend does.
void Live(const std::string& folder, AuditDisk& disk, std::ofstream& recorded) {
  for (int run = 0; run < 2; ++run) {
    auto log = AuditFile::Open(Small(folder), After(Seconds(run * 100)), disk);
    if (!log) continue;
    for (int i = 0; i < 6; ++i) {
      const auto id = (*log)->Write(FirstIssue().event());
      if (id) recorded << *id << std::endl;
      if (i % 3 == 0) (void)(*log)->Tend(After(Seconds(run * 100 + i)));
    }
    (void)(*log)->Finish(After(Seconds(run * 100 + 50)));
  }
}

std::vector<std::string> Words(const std::string& path) {
  std::vector<std::string> words;
  std::ifstream in(path);
  for (std::string word; in >> word;) words.push_back(word);
  return words;
}

AuditVerifyReport ExpectIntact(const std::string& folder) {
  const auto report = VerifyAudit(folder, {}, [](const AuditBreak& one) {
    ADD_FAILURE() << one.segment << ":" << one.line << ": " << one.what;
  });
  if (!report) {
    ADD_FAILURE() << report.error().Text();
    return {};
  }
  return *report;
}

void ExpectAllRecorded(const std::string& folder, const std::vector<std::string>& ids) {
  std::set<std::string> there;
  for (const auto& record : RecordsIn(folder))
    if (record.value("type", "") == "decision") there.insert(record["decision"].get<std::string>());
  for (const std::string& id : ids) EXPECT_TRUE(there.contains(id)) << id;
}

// What a start makes of what is left.
void ExpectRecovery(const std::string& folder, const std::vector<std::string>& ids) {
  {
    const auto log = MustOpen(Small(folder), After(Seconds(1'000)));
    WriteDecisions(*log, 1);
    EXPECT_TRUE(log->Finish(After(Seconds(1'001))));
    EXPECT_THAT(log->Degraded(), IsEmpty());
  }
  EXPECT_EQ(ExpectIntact(folder).unfinished, 0U);
  ExpectAllRecorded(folder, ids);
  EXPECT_THAT(NamesIn(folder, "checkpoint.key.tmp"), IsEmpty());
}

TEST(AuditCrash, DeathAtAnyOperationIsRecoveredFrom) {
  int deaths = 0;
  for (bool died = true; died;) {
    SCOPED_TRACE("dying at operation " + std::to_string(deaths + 1));
    const ScratchFolder scratch;
    const std::string folder = scratch / "audit";
    const pid_t child = ::fork();
    if (child == 0) {
      FailingAuditDisk disk(deaths + 1, FailingAuditDisk::Fault::kDie);
      std::ofstream recorded(scratch / "recorded");
      Live(folder, disk, recorded);
      ::_exit(0);
    }
    int status = -1;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFEXITED(status));
    died = WEXITSTATUS(status) == FailingAuditDisk::kDied;
    ASSERT_TRUE(died || WEXITSTATUS(status) == 0) << status;
    if (died) ++deaths;
    ExpectRecovery(folder, Words(scratch / "recorded"));
    if (HasFailure()) return;
  }
  EXPECT_GT(deaths, 50);
}

TEST(AuditCrash, FailureOfAnyOperationTearsNothing) {
  for (const auto fault : {FailingAuditDisk::Fault::kFailOnce, FailingAuditDisk::Fault::kFailOn}) {
    int at = 0;
    for (int operations = 1; at < operations;) {
      SCOPED_TRACE("failing at operation " + std::to_string(++at));
      const ScratchFolder scratch;
      FailingAuditDisk disk(at, fault);
      std::ofstream recorded(scratch / "recorded");
      Live(scratch / "audit", disk, recorded);
      operations = disk.operations();
      ExpectRecovery(scratch / "audit", Words(scratch / "recorded"));
      if (HasFailure()) return;
    }
    EXPECT_GT(at, 30);
  }
}

// A child that writes on two threads while a third tends, until it is killed.
[[noreturn]] void WriteForEver(const std::string& folder, int told) {
  AuditFileOptions options = OptionsFor(folder);
  options.segment_bytes = 400'000;
  options.checkpoint_records = 50;
  const auto log = MustOpen(options);
  const auto write = [&] {
    while (true) {
      const auto id = log->Write(FirstIssue().event());
      if (!id) ::_exit(1);
      const std::string line = *id + "\n";
      if (::write(told, line.data(), line.size()) < 0) ::_exit(1);
    }
  };
  const std::jthread first(write);
  const std::jthread second(write);
  while (true) static_cast<void>(log->Tend(Start()));
}

TEST(AuditCrash, KilledFiftyTimesWhileWriting) {
  const ScratchFolder scratch;
  const std::string folder = scratch / "audit";
  std::mt19937 random(1);
  std::vector<std::string> ids;
  for (int kill = 0; kill < 50; ++kill) {
    SCOPED_TRACE("kill " + std::to_string(kill));
    int pipe[2];
    ASSERT_EQ(::pipe(pipe), 0);
    const pid_t child = ::fork();
    if (child == 0) WriteForEver(folder, pipe[1]);
    ::close(pipe[1]);
    // So many records are seen before it is killed that it dies in the middle of things.
    std::string text;
    std::array<char, 4096> chunk{};
    const std::size_t enough = random() % 3'000;
    bool killed = false;
    for (ssize_t got = 1; got > 0;) {
      got = ::read(pipe[0], chunk.data(), chunk.size());
      text.append(chunk.data(), static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
      if (!killed && text.size() >= enough) killed = ::kill(child, SIGKILL) == 0;
    }
    ::close(pipe[0]);
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFSIGNALED(status)) << status;
    std::istringstream told(text);
    for (std::string id; std::getline(told, id) && !told.eof();) ids.push_back(id);
    ExpectIntact(folder);
    if (HasFailure()) return;
  }
  EXPECT_GT(ids.size(), 50U);
  std::set<std::string> there;
  for (const std::string& line : LinesIn(folder)) {
    const auto record = nlohmann::json::parse(line, nullptr, false);
    if (record.is_object() && record.value("type", "") == "decision")
      there.insert(record["decision"].get<std::string>());
  }
  for (const std::string& id : ids) ASSERT_TRUE(there.contains(id)) << id;
}

}  // namespace
}  // namespace surety
