#include "agent/sinks/bounded_command.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <fstream>
#include <thread>

#include "tests/fakes/eventually.h"
#include "tests/unit/command/scratch_folder.h"

namespace surety {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using namespace std::chrono_literals;

Result<std::string> Ran(const std::vector<std::string>& command,
                        std::chrono::milliseconds timeout = 10s) {
  return RunBounded(command, {"NAME=value"}, timeout, {});
}

Result<std::string> Shell(const std::string& script, std::chrono::milliseconds timeout = 10s) {
  return Ran({"/bin/sh", "-c", script}, timeout);
}

TEST(BoundedCommand, GivesWhatWasSaidOnOneLine) {
  const auto said = Shell("echo out; echo err >&2; printf '\\033[1m'");
  ASSERT_TRUE(said) << said.error().Text();
  EXPECT_EQ(*said, "out err  [1m");
}

TEST(BoundedCommand, NoShellReadsTheWords) {
  EXPECT_EQ(*Ran({"/bin/echo", "$NAME", "`id`", "a b", "*"}), "$NAME `id` a b *");
}

TEST(BoundedCommand, EnvironmentIsWhatIsGivenAndInputIsEmpty) {
  EXPECT_EQ(*Ran({"/usr/bin/env"}), "NAME=value");
  EXPECT_EQ(*Ran({"/bin/cat"}), "");
}

TEST(BoundedCommand, HasNoDescriptorsAndNoSignalsBlocked) {
  sigset_t hangup;
  sigset_t before;
  ::sigemptyset(&hangup);
  ::sigaddset(&hangup, SIGHUP);
  ASSERT_EQ(::pthread_sigmask(SIG_BLOCK, &hangup, &before), 0);
  const auto said = Shell("grep SigBlk /proc/self/status; echo /proc/self/fd/*");
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  ASSERT_TRUE(said) << said.error().Text();
  EXPECT_THAT(*said, HasSubstr("0000000000000000"));
  EXPECT_THAT(*said, Not(HasSubstr("/fd/4")));
}

TEST(BoundedCommand, StatusSignalAndWordsAreTold) {
  const auto failed = Shell("echo why; exit 3");
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().code(), ErrorCode::kUnavailable);
  EXPECT_THAT(failed.error().Text(), HasSubstr("/bin/sh ended with status 3, and said: why"));
  EXPECT_THAT(Shell("kill -TERM $$").error().Text(), HasSubstr("ended by signal 15"));
}

TEST(BoundedCommand, OutputIsCut) {
  const auto said = Shell("head -c 1000000 /dev/zero | tr '\\0' x");
  ASSERT_TRUE(said) << said.error().Text();
  EXPECT_EQ(*said, std::string(2048, 'x'));
}

TEST(BoundedCommand, ProgramThatIsMissingIsTold) {
  const auto none = Ran({"/no/such/program"});
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().code(), ErrorCode::kNotFound);
  EXPECT_THAT(none.error().Text(), HasSubstr("/no/such/program cannot be run"));
}

TEST(BoundedCommand, IsKilledWithItsChildrenAfterItsTime) {
  const ScratchFolder scratch;
  const auto late =
      Shell("sleep 1000 & echo $! > " + (scratch / "pid") + "; echo begun; wait", 300ms);
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().code(), ErrorCode::kDeadline);
  EXPECT_THAT(late.error().Text(), HasSubstr("was killed after its time, and said: begun"));
  pid_t child = 0;
  std::ifstream(scratch / "pid") >> child;
  ASSERT_GT(child, 0);
  // Whoever adopts it reaps it: gone, or a zombie until then.
  EXPECT_TRUE(fakes::Eventually([&] {
    const std::string stat = ReadAll("/proc/" + std::to_string(child) + "/stat");
    return stat.empty() || stat.find(") Z ") != std::string::npos;
  }));
}

TEST(BoundedCommand, ChildThatRunsOnHoldsNothingUp) {
  const auto begun = std::chrono::steady_clock::now();
  EXPECT_EQ(*Shell("sleep 1000 & echo done"), "done");
  EXPECT_LT(std::chrono::steady_clock::now() - begun, 5s);
}

TEST(BoundedCommand, IsKilledWhenToldToStop) {
  std::stop_source stop;
  const std::jthread later([&] { stop.request_stop(); });
  const auto stopped = RunBounded({"/bin/sleep", "1000"}, {}, 100s, stop.get_token());
  ASSERT_FALSE(stopped);
  EXPECT_THAT(stopped.error().Text(), HasSubstr("since suretyd ends"));
}

}  // namespace
}  // namespace surety
