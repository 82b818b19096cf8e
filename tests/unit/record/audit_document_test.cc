// The programs in docs/audit.md, run as they stand there: whoever follows the
// document without any code of ours comes to the same result.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent/record/audit_file.h"
#include "tests/unit/record/record_support.h"

namespace surety {
namespace {

/// The block of Python that follows this heading.
std::string ProgramUnder(const std::string& heading) {
  const std::string text = ReadAll(SURETY_SOURCE_DIR "/docs/audit.md");
  const std::string begin = "```python\n";
  const auto at = text.find(begin, text.find(heading));
  EXPECT_NE(at, std::string::npos) << heading;
  const auto from = at + begin.size();
  return text.substr(from, text.find("```", from) - from);
}

/// Whether it ends well. What it prints goes to `output`.
bool Runs(const std::string& program, const std::string& folder, std::string& output) {
  const ScratchFolder scratch;
  WriteAll(scratch / "program.py", program);
  int told[2];
  if (::pipe(told) != 0) return false;
  const pid_t child = ::fork();
  if (child == 0) {
    ::dup2(told[1], STDOUT_FILENO);
    ::close(STDERR_FILENO);
    const std::string path = scratch / "program.py";
    ::execlp("python3", "python3", path.c_str(), folder.c_str(), nullptr);
    ::_exit(127);
  }
  ::close(told[1]);
  std::array<char, 4096> chunk{};
  for (ssize_t got = 1; got > 0;) {
    got = ::read(told[0], chunk.data(), chunk.size());
    output.append(chunk.data(), static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
  }
  ::close(told[0]);
  int status = -1;
  EXPECT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) != 127) << "python3 is missing";
  return status == 0;
}

class AuditDocument : public testing::Test {
 protected:
  void SetUp() override {
    AuditFileOptions options = OptionsFor(folder_);
    options.segment_bytes = 5'000;
    const auto log = MustOpen(options);
    for (int i = 0; i < 4; ++i) {
      WriteDecisions(*log, 5);
      ASSERT_TRUE(log->Tend(Start()));
    }
    ASSERT_TRUE(log->Note({.at = Start(), .what = "x\xff\n", .details = {}}));
    ASSERT_TRUE(log->Finish(Start()));
  }

  ScratchFolder scratch_;
  std::string folder_ = scratch_ / "audit";
};

TEST_F(AuditDocument, ItsVerifierAgreesAndFindsAChangedByte) {
  const std::string program = ProgramUnder("## Verify without Surety");
  std::string output;
  ASSERT_TRUE(Runs(program, folder_, output));
  const auto last = RecordsIn(folder_).back();
  EXPECT_EQ(output,
            std::to_string(last["seq"].get<int>()) + " " + last["hash"].get<std::string>() + "\n");

  const std::string path = folder_ + "/" + SegmentsIn(folder_).at(2);
  const std::string good = ReadAll(path);
  for (std::size_t at = 0; at < good.size(); at += good.size() / 12) {
    std::string changed = good;
    changed[at] = static_cast<char>(changed[at] ^ 1);
    WriteAll(path, changed);
    EXPECT_FALSE(Runs(program, folder_, output)) << at;
  }
}

TEST_F(AuditDocument, ItsCheckOfACheckpointAgrees) {
  const std::string program = ProgramUnder("## Check a checkpoint without Surety");
  std::string output;
  EXPECT_TRUE(Runs(program, folder_, output)) << output;
  std::string text = ReadAll(folder_ + "/checkpoints");
  const auto at = text.rfind("\"seq\":") + 6;
  text[at] = text[at] == '1' ? '2' : '1';
  WriteAll(folder_ + "/checkpoints", text);
  EXPECT_FALSE(Runs(program, folder_, output));
}

}  // namespace
}  // namespace surety
