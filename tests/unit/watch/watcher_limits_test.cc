#include <fcntl.h>
#include <sched.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <thread>

#include "tests/unit/attestors/child_process.h"
#include "tests/unit/watch/watching.h"

namespace surety::testing {
namespace {

using std::chrono::milliseconds;

bool Sleep() { return ::execl("/bin/sleep", "sleep", "100", nullptr) == 0; }
bool SetUser() { return ::syscall(SYS_setresuid, 65534, 65534, 65534) == 0; }

void MakeStrangers(int count, bool execute) {
  for (int i = 0; i < count; ++i) {
    const pid_t pid = ::fork();
    if (pid == 0) {
      if (execute) ::execl("/bin/true", "true", nullptr);
      ::_exit(0);
    }
    ASSERT_GT(pid, 0);
    ASSERT_EQ(::waitpid(pid, nullptr, 0), pid);
  }
}

std::string ProgramOf(pid_t pid) {
  std::error_code error;
  return std::filesystem::read_symlink("/proc/" + std::to_string(pid) + "/exe", error)
      .filename()
      .string();
}

// A script that executes itself 400 times and then becomes another program.
TEST(WatcherLimits, AProcessThatExecsWithoutEndIsToldSeldomAndToTheLast) {
  const Folder folder;
  const auto script = folder.File("loop.sh");
  ASSERT_TRUE(
      WriteFile(script, "[ $1 -gt 0 ] && exec /bin/sh $0 $(($1 - 1))\nexec /bin/sleep 100\n"));
  ActingChild child(
      {[&] { return ::execl("/bin/sh", "sh", script.c_str(), "400", nullptr) == 0; }});
  Watching watching(EventsAlone());
  const auto key = watching.Follow(child.pid());
  const auto begun = std::chrono::steady_clock::now();
  ASSERT_EQ(child.Do(0), 0);
  auto before_last = begun;
  ASSERT_TRUE(Eventually([&] {
    const auto now = std::chrono::steady_clock::now();
    const bool done = ProgramOf(child.pid()) == "sleep";
    if (!done) before_last = now;
    return done;
  }));
  EXPECT_TRUE(Eventually([&] {
    const auto changes = watching.recorder().changes();
    return !changes.empty() && changes.back().at > before_last;
  }));
  const auto took = std::chrono::steady_clock::now() - begun;
  const auto changes = watching.recorder().changes();
  EXPECT_GE(watching->Status().events_total, 400U);
  EXPECT_LE(changes.size(), static_cast<std::size_t>(took / milliseconds(5)) + 2);
  for (const auto& change : changes) EXPECT_EQ(change.key, key);
}

TEST(WatcherLimits, StrangersCallNothing) {
  ActingChild child({Sleep});
  Watching watching(EventsAlone());
  const auto key = watching.Follow(child.pid());
  ASSERT_TRUE(Eventually([&] { return watching->Status().followed == 1; }));
  const auto events = watching->Status().events_total;
  MakeStrangers(300, true);
  ASSERT_EQ(child.Do(0), 0);
  ASSERT_TRUE(watching.recorder().WaitForChange(key, WakeReason::kExec));
  EXPECT_EQ(watching.recorder().changes().size(), 1U);
  EXPECT_TRUE(watching.recorder().forks().empty());
  EXPECT_EQ(watching.recorder().lost(), 0);
  // Their births are read, nothing else of them; others run on this machine too.
  EXPECT_TRUE(Eventually([&] { return watching->Status().events_total - events >= 300; }));
}

TEST(WatcherLimits, AnOverflowIsToldAndEventsGoOn) {
  ActingChild child({Sleep});
  auto options = EventsAlone();
  options.event_buffer_bytes = 1;  // The kernel makes 2,304 of it.
  Watching watching(options);
  const auto key = watching.Follow(child.pid());
  const auto begun = std::chrono::steady_clock::now();
  for (int i = 0; i < 50 && watching.recorder().lost() == 0; ++i) MakeStrangers(100, false);
  ASSERT_TRUE(watching.recorder().WaitForLost());
  EXPECT_GE(watching->Status().overflows_total, 1U);
  const auto seconds =
      std::chrono::ceil<std::chrono::seconds>(std::chrono::steady_clock::now() - begun);
  EXPECT_LE(watching.recorder().lost(), seconds.count() + 1);
  ASSERT_EQ(child.Do(0), 0);
  EXPECT_TRUE(watching.recorder().WaitForChange(key, WakeReason::kExec));
}

TEST(WatcherLimits, WhoeverGetsThePidOfTheDeadIsNotTakenForThem) {
  ActingChild first({});
  ActingChild other({Sleep});
  Watching watching(EventsAlone());
  const auto key = watching.Follow(first.pid());
  const auto other_key = watching.Follow(other.pid());
  const pid_t pid = first.pid();
  first.KillAndReap();
  ASSERT_TRUE(watching.recorder().WaitForExit(key));
  // A clock tick later, so that the start time differs.
  ASSERT_TRUE(Eventually([&] {
    const auto early = HeirOf(pid);
    return watching.KeyOf(pid) != key;
  }));
  const auto heir = HeirOf(pid);
  const auto heir_key = watching.Follow(pid);
  EXPECT_NE(heir_key, key);
  ASSERT_EQ(::kill(pid, SIGKILL), 0);
  EXPECT_TRUE(watching.recorder().WaitForExit(heir_key));
  ASSERT_EQ(other.Do(0), 0);
  ASSERT_TRUE(watching.recorder().WaitForChange(other_key, WakeReason::kExec));
  for (const auto& change : watching.recorder().changes()) EXPECT_EQ(change.key, other_key);
  EXPECT_EQ(watching.recorder().exits().size(), 2U);
}

TEST(WatcherLimits, BeyondTheLimitNobodyIsFollowedUntilThereIsRoom) {
  ActingChild one({});
  ActingChild two({});
  auto options = EventsAlone();
  options.most_followed = 1;
  Watching watching(options);
  const auto key = watching.Follow(one.pid());
  watching.Follow(two.pid());
  EXPECT_EQ(watching->Status().followed, 1U);
  EXPECT_EQ(watching->Details().refused, 1U);
  one.KillAndReap();
  ASSERT_TRUE(watching.recorder().WaitForExit(key));
  const auto second = watching.Follow(two.pid());
  EXPECT_EQ(watching->Status().followed, 1U);
  two.KillAndReap();
  EXPECT_TRUE(watching.recorder().WaitForExit(second));
}

TEST(WatcherLimits, AnotherHandleOfTheSameProcessChangesNothing) {
  ActingChild child({Sleep});
  Watching watching(EventsAlone());
  const auto key = watching.Follow(child.pid());
  const auto another = MakeLinuxProcessOpener()->OpenByPid(child.pid());
  ASSERT_TRUE(another);
  watching->Follow(*another);
  ASSERT_EQ(child.Do(0), 0);
  ASSERT_TRUE(watching.recorder().WaitForChange(key, WakeReason::kExec));
  child.KillAndReap();
  ASSERT_TRUE(watching.recorder().WaitForExit(key));
  EXPECT_TRUE(Eventually([&] { return watching->Status().followed == 0; }));
  EXPECT_EQ(watching.recorder().changes().size(), 1U);
  EXPECT_EQ(watching.recorder().exits().size(), 1U);
}

TEST(WatcherLimits, WithoutProbesTheExecutableTells) {
  ActingChild child({Sleep});
  auto options = SweepsAlone();
  options.most_probes = 0;
  Watching watching(options);
  watching.Follow(child.pid());
  watching.ExpectChange(child, 0, WakeReason::kExec, "exec without a probe");
}

// More followed processes than a filter can name would take too many processes to
// show: here it is that the sweep takes no more than its share.
TEST(WatcherLimits, TheSweepStretchesToItsShare) {
  auto options = SweepsAlone();
  options.sweep_share = 0.0001;
  std::vector<Child> children;
  Watching watching(options);
  for (int i = 0; i < 8; ++i) {
    children.push_back(Child::Sleeping());
    watching.Follow(children.back().pid());
  }
  EXPECT_TRUE(Eventually([&] { return watching->Details().sweep_interval > milliseconds(100); }));
}

TEST(WatcherLimits, ACallbackMayFollowAndAsk) {
  SystemClock clock;
  const auto opener = MakeLinuxProcessOpener();
  Recorder recorder;
  ActingChild first({Sleep});
  ActingChild second({Sleep});
  std::unique_ptr<ProcessWatcher> watcher;
  auto events = recorder.Events();
  events.changed = [&, inner = events.changed](const ProcessKey& key, WakeReason reason) {
    if (auto process = opener->OpenByPid(second.pid())) watcher->Follow(*process);
    static_cast<void>(watcher->Status());
    inner(key, reason);
  };
  auto started = ProcessWatcher::Start(clock, *opener, events, EventsAlone());
  ASSERT_TRUE(started);
  watcher = *std::move(started);
  const auto process = opener->OpenByPid(first.pid());
  ASSERT_TRUE(process);
  watcher->Follow(*process);
  ASSERT_EQ(first.Do(0), 0);
  ASSERT_TRUE(recorder.WaitForChange((*process)->key(), WakeReason::kExec));
  ASSERT_EQ(second.Do(0), 0);
  const auto other = opener->OpenByPid(second.pid());
  ASSERT_TRUE(other);
  EXPECT_TRUE(recorder.WaitForChange((*other)->key(), WakeReason::kExec));
  watcher->Stop();
}

TEST(WatcherLimits, NothingIsToldAfterStop) {
  ActingChild child({SetUser});
  Watching watching(Both());
  const auto key = watching.Follow(child.pid());
  watching->Stop();
  ASSERT_EQ(child.Do(0), 0);
  watching.Follow(child.pid());
  child.KillAndReap();
  EXPECT_TRUE(watching.recorder().changes().empty());
  EXPECT_TRUE(watching.recorder().exits().empty());
  EXPECT_NE(key, ProcessKey{});
}

}  // namespace
}  // namespace surety::testing
