#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <iostream>
#include <memory>
#include <optional>
#include <utility>

#include "agent/watch/process_watcher.h"
#include "agent/watch/system_clock.h"
#include "attestors/linux_process.h"
#include "tests/unit/attestors/child_process.h"
#include "tests/unit/watch/acting_child.h"
#include "tests/unit/watch/recorder.h"

namespace surety::testing {

/// A real watcher of real processes, for tests.
class Watching {
 public:
  explicit Watching(const WatchOptions& options) {
    auto started = ProcessWatcher::Start(clock_, *opener_, recorder_.Events(), options);
    EXPECT_TRUE(started) << started.error().Text();
    if (started) watcher_ = *std::move(started);
  }

  /// Follows a process by pid. Its key; an empty one after a failure.
  ProcessKey Follow(pid_t pid) {
    auto process = opener_->OpenByPid(pid);
    EXPECT_TRUE(process) << process.error().Text();
    if (!process) return {};
    watcher_->Follow(*process);
    return (*process)->key();
  }
  ProcessKey KeyOf(pid_t pid) {
    const auto process = opener_->OpenByPid(pid);
    return process ? (*process)->key() : ProcessKey{};
  }

  /// Has the child do something and expects the change to be told. Prints how long
  /// that took from before the act.
  void ExpectChange(ActingChild& child, std::size_t act, WakeReason reason, const char* what) {
    const auto key = KeyOf(child.pid());
    const auto begun = std::chrono::steady_clock::now();
    ASSERT_EQ(child.Do(act), 0) << what;
    ASSERT_TRUE(recorder_.WaitForChange(key, reason)) << what;
    PrintLatency(key, reason, begun, what);
  }
  void PrintLatency(const ProcessKey& key, WakeReason reason, Recorder::Time begun,
                    const char* what) {
    for (const auto& change : recorder_.changes()) {
      if (change.key != key || change.reason != reason) continue;
      const std::chrono::duration<double, std::milli> took = change.at - begun;
      std::cout << "[ latency  ] " << what << ": " << took.count() << " ms\n";
      return;
    }
  }

  ProcessWatcher& operator*() { return *watcher_; }
  ProcessWatcher* operator->() { return watcher_.get(); }
  Recorder& recorder() { return recorder_; }
  ProcessOpener& opener() { return *opener_; }

 private:
  SystemClock clock_;
  std::unique_ptr<ProcessOpener> opener_ = MakeLinuxProcessOpener();
  Recorder recorder_;
  std::unique_ptr<ProcessWatcher> watcher_;
};

/// A sleeping process with the pid of one that is gone, or about to be: the kernel
/// gives a pid free a moment after its holder was reaped.
inline Child HeirOf(pid_t pid) {
  std::optional<Child> heir;
  EXPECT_TRUE(Eventually([&] {
    heir.emplace(Child::SleepingAs(pid));
    return heir->error() == 0;
  }));
  return *std::move(heir);
}

/// Events alone: what is found is not found by a sweep.
inline WatchOptions EventsAlone() { return {.sweep_interval = std::chrono::hours(1)}; }

/// Sweeps alone.
inline WatchOptions SweepsAlone() {
  return {.sweep_interval = std::chrono::milliseconds(20), .use_events = false};
}

/// As the daemon has it, with a shorter interval.
inline WatchOptions Both() { return {.sweep_interval = std::chrono::milliseconds(20)}; }

}  // namespace surety::testing
