#include <benchmark/benchmark.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <ctime>
#include <fstream>
#include <memory>
#include <thread>
#include <vector>

#include "agent/watch/event_filter.h"
#include "agent/watch/followed.h"
#include "agent/watch/process_watcher.h"
#include "agent/watch/system_clock.h"
#include "attestors/linux_process.h"
#include "tests/unit/attestors/child_process.h"
#include "tests/unit/watch/acting_child.h"
#include "tests/unit/watch/recorder.h"

// What watching costs and how soon it tells. As root, on an idle machine; the
// numbers and how to read them are in docs/benchmarks.md.
namespace surety {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::ActingChild;
using testing::Child;
using testing::Recorder;

std::int64_t Now(clockid_t clock) {
  timespec time{};
  ::clock_gettime(clock, &time);
  return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

struct Watched {
  explicit Watched(const WatchOptions& options) {
    auto started = ProcessWatcher::Start(clock, *opener, recorder.Events(), options);
    if (started) watcher = *std::move(started);
  }
  ProcessKey Follow(pid_t pid) {
    const auto process = opener->OpenByPid(pid);
    if (!process) return {};
    watcher->Follow(*process);
    return (*process)->key();
  }
  SystemClock clock;
  std::unique_ptr<ProcessOpener> opener = MakeLinuxProcessOpener();
  Recorder recorder;
  std::unique_ptr<ProcessWatcher> watcher;
};

std::vector<Child> MakeSleepers(int count) {
  rlimit files{};
  ::getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &files);
  std::vector<Child> sleepers;
  for (int i = 0; i < count; ++i) sleepers.push_back(Child::Sleeping());
  return sleepers;
}

// Follows so many sleeping processes and waits until they are in the filter.
std::vector<Child> FollowSleepers(Watched& watched, int count) {
  auto sleepers = MakeSleepers(count);
  for (const auto& sleeper : sleepers) watched.Follow(sleeper.pid());
  std::this_thread::sleep_for(milliseconds(500));
  return sleepers;
}

// This process's CPU time while the calling thread waits: the watcher's.
double CpuPercent(seconds time) {
  const auto cpu = Now(CLOCK_PROCESS_CPUTIME_ID);
  const auto begun = Now(CLOCK_MONOTONIC);
  std::this_thread::sleep_for(time);
  const auto used = static_cast<double>(Now(CLOCK_PROCESS_CPUTIME_ID) - cpu);
  return 100 * used / static_cast<double>(Now(CLOCK_MONOTONIC) - begun);
}

// Executes /bin/true so many times a second until it is killed, and counts in `done`.
[[noreturn]] void ExecuteStrangers(std::int64_t per_second, volatile std::int64_t* done) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  std::array<char, 5> name{"true"};
  std::array<char*, 2> arguments{name.data(), nullptr};
  const auto begun = Now(CLOCK_MONOTONIC);
  for (;;) {
    while (*done * 1'000'000'000 > (Now(CLOCK_MONOTONIC) - begun) * per_second) ::usleep(500);
    pid_t pid = 0;
    if (::posix_spawn(&pid, "/bin/true", nullptr, nullptr, arguments.data(), environ) == 0)
      ::waitpid(pid, nullptr, 0);
    *done = *done + 1;
  }
}

// What the watcher costs while strangers execute 1,000 programs a second; argument:
// how many processes are followed meanwhile.
void BM_StrangersExecute(benchmark::State& state) {
  Watched watched({});
  const auto sleepers = FollowSleepers(watched, static_cast<int>(state.range(0)));
  void* shared = ::mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  auto* done = static_cast<volatile std::int64_t*>(shared);
  for (auto _ : state) {
    const double idle = CpuPercent(seconds(5));
    *done = 0;
    const pid_t strangers = ::fork();
    if (strangers == 0) ExecuteStrangers(1000, done);
    std::this_thread::sleep_for(milliseconds(200));
    const auto before = *done;
    const double busy = CpuPercent(seconds(10));
    state.counters["execs_per_s"] = static_cast<double>(*done - before) / 10;
    state.counters["idle_percent"] = idle;
    state.counters["busy_percent"] = busy;
    ::kill(strangers, SIGKILL);
    ::waitpid(strangers, nullptr, 0);
  }
  ::munmap(shared, 4096);
}
BENCHMARK(BM_StrangersExecute)->Arg(1)->Arg(1000)->Iterations(1)->Unit(benchmark::kSecond);

// The whole watcher with sleeping processes and nothing that happens; the second
// argument: with events (1) or by sweep alone (0).
void BM_Sweep(benchmark::State& state) {
  WatchOptions options;
  options.use_events = state.range(1) == 1;
  Watched watched(options);
  const auto sleepers = FollowSleepers(watched, static_cast<int>(state.range(0)));
  for (auto _ : state) state.counters["percent"] = CpuPercent(seconds(10));
  const auto details = watched.watcher->Details();
  state.counters["interval_ms"] = static_cast<double>(details.sweep_interval.count()) / 1e6;
  state.counters["look_us"] = static_cast<double>(details.look_cost.count()) / 1e3;
}
BENCHMARK(BM_Sweep)
    ->ArgsProduct({{10, 1000, 4000}, {1, 0}})
    ->Iterations(1)
    ->Unit(benchmark::kSecond);

void BM_Look(benchmark::State& state, LookPlan plan) {
  const auto child = Child::Sleeping();
  const auto process = MakeLinuxProcessOpener()->OpenByPid(child.pid());
  std::this_thread::sleep_for(milliseconds(50));
  Followed followed(*process, true);
  for (auto _ : state) benchmark::DoNotOptimize(followed.LookAgain(plan));
}
BENCHMARK_CAPTURE(BM_Look, sleeping, LookPlan{false, false, false});
BENCHMARK_CAPTURE(BM_Look, sleeping_old_cgroups, LookPlan{false, false, true});
BENCHMARK_CAPTURE(BM_Look, sleeping_without_events, LookPlan{false, true, true});
BENCHMARK_CAPTURE(BM_Look, everything, LookPlan{});

void BM_FirstLook(benchmark::State& state) {
  const auto child = Child::Sleeping();
  const auto process = MakeLinuxProcessOpener()->OpenByPid(child.pid());
  for (auto _ : state) benchmark::DoNotOptimize(Followed(*process, true));
}
BENCHMARK(BM_FirstLook);

void BM_MakeFilter(benchmark::State& state) {
  std::vector<pid_t> pids;
  for (pid_t pid = 0; pid < state.range(0); ++pid) pids.push_back(1000 + pid * 13);
  for (auto _ : state) benchmark::DoNotOptimize(FollowedFilter(pids, 1));
}
BENCHMARK(BM_MakeFilter)->Arg(100)->Arg(3000);

void SetPercentiles(benchmark::State& state, std::vector<double> times) {
  std::sort(times.begin(), times.end());
  const auto at = [&](double share) {
    const auto index = static_cast<std::size_t>(share * static_cast<double>(times.size()));
    return times.empty() ? -1 : times.at(std::min(index, times.size() - 1));
  };
  state.counters["runs"] = static_cast<double>(times.size());
  state.counters["p50_ms"] = at(0.50);
  state.counters["p90_ms"] = at(0.90);
  state.counters["p99_ms"] = at(0.99);
  state.counters["max_ms"] = at(1);
}

enum Act { kExec, kUser, kGroup, kPtrace, kExit, kNamespace };

// From right before the system call to the callback, in milliseconds; -1 if never.
double Latency(Watched& watched, Act act, std::int64_t* begun) {
  const auto stamped = [begun](const ActingChild::Act& call) {
    return [begun, call] {
      *begun = Now(CLOCK_MONOTONIC);
      return call();
    };
  };
  ActingChild child({stamped([] { return ::execl("/bin/sleep", "sleep", "9", nullptr) == 0; }),
                     stamped([] { return ::syscall(SYS_setresuid, 1, 1, 1) == 0; }),
                     stamped([] { return ::syscall(SYS_setresgid, 1, 1, 1) == 0; }),
                     [] { return true; }, stamped([]() -> bool { ::_exit(0); }),
                     stamped([] { return ::unshare(CLONE_NEWNS) == 0; })});
  watched.recorder.Forget();
  const auto key = watched.Follow(child.pid());
  std::this_thread::sleep_for(milliseconds(20));
  if (act == kPtrace) {
    *begun = Now(CLOCK_MONOTONIC);
    ::ptrace(PTRACE_SEIZE, child.pid(), nullptr, nullptr);
  } else {
    child.Do(act);
  }
  if (act == kExit) {
    if (!watched.recorder.WaitForExit(key)) return -1;
    return static_cast<double>(Now(CLOCK_MONOTONIC) - *begun) / 1e6;
  }
  constexpr std::array kReasons{WakeReason::kExec,   WakeReason::kUser, WakeReason::kGroup,
                                WakeReason::kTraced, WakeReason::kLost, WakeReason::kMoved};
  if (!watched.recorder.WaitForChange(key, kReasons.at(act))) return -1;
  const auto at = watched.recorder.changes().front().at.time_since_epoch().count();
  return static_cast<double>(at - *begun) / 1e6;
}

void BM_Latency(benchmark::State& state, Act act) {
  Watched watched({});
  void* shared = ::mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  std::vector<double> times;
  for (auto _ : state) times.push_back(Latency(watched, act, static_cast<std::int64_t*>(shared)));
  ::munmap(shared, 4096);
  SetPercentiles(state, std::move(times));
}
BENCHMARK_CAPTURE(BM_Latency, exec, kExec)->Iterations(200)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(BM_Latency, uid, kUser)->Iterations(200)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(BM_Latency, gid, kGroup)->Iterations(200)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(BM_Latency, ptrace, kPtrace)->Iterations(200)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(BM_Latency, exit, kExit)->Iterations(200)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(BM_Latency, mnt_namespace_by_sweep, kNamespace)
    ->Iterations(40)
    ->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace surety

BENCHMARK_MAIN();
