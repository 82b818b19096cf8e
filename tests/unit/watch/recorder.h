#pragma once

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "surety/watcher.h"

namespace surety::testing {

/// Writes down what a watcher reports, and waits for it. Thread-safe.
class Recorder {
 public:
  using Time = std::chrono::steady_clock::time_point;
  struct Change {
    ProcessKey key;
    WakeReason reason{};
    Time at;
  };

  WatcherEvents Events() {
    return {
        .changed =
            [this](const ProcessKey& key, WakeReason reason) {
              Note([&] { changes_.push_back({key, reason, std::chrono::steady_clock::now()}); });
            },
        .traced = [this](const ProcessKey& key,
                         pid_t tracer) { Note([&] { tracers_.emplace_back(key, tracer); }); },
        .exited = [this](const ProcessKey& key) { Note([&] { exits_.push_back(key); }); },
        .forked =
            [this](const ProcessKey& parent, const ProcessKey& child) {
              // One that was told of is told of once more where its parent is first looked
              // at for children after that.
              const std::pair fork(parent, child);
              Note([&] {
                if (std::find(forks_.begin(), forks_.end(), fork) == forks_.end())
                  forks_.push_back(fork);
              });
            },
        .lost = [this] { Note([&] { ++lost_; }); }};
  }

  /// True once `key` was reported for `reason`; false after ten seconds.
  bool WaitForChange(const ProcessKey& key, WakeReason reason) {
    return WaitFor([&] {
      return std::any_of(changes_.begin(), changes_.end(), [&](const Change& change) {
        return change.key == key && change.reason == reason;
      });
    });
  }
  bool WaitForExit(const ProcessKey& key) {
    return WaitFor([&] { return std::find(exits_.begin(), exits_.end(), key) != exits_.end(); });
  }
  bool WaitForFork(const ProcessKey& parent, const ProcessKey& child) {
    return WaitFor([&] {
      return std::find(forks_.begin(), forks_.end(), std::pair(parent, child)) != forks_.end();
    });
  }
  bool WaitForTracer(const ProcessKey& key, pid_t tracer) {
    return WaitFor([&] {
      return std::find(tracers_.begin(), tracers_.end(), std::pair(key, tracer)) != tracers_.end();
    });
  }
  bool WaitForLost() {
    return WaitFor([&] { return lost_ > 0; });
  }

  [[nodiscard]] std::vector<Change> changes() { return Copy(changes_); }
  [[nodiscard]] std::size_t ChangesOf(const ProcessKey& key) {
    const auto all = changes();
    return static_cast<std::size_t>(std::count_if(
        all.begin(), all.end(), [&](const Change& change) { return change.key == key; }));
  }
  [[nodiscard]] std::vector<ProcessKey> exits() { return Copy(exits_); }
  [[nodiscard]] std::vector<std::pair<ProcessKey, ProcessKey>> forks() { return Copy(forks_); }
  [[nodiscard]] int lost() {
    const std::lock_guard lock(mutex_);
    return lost_;
  }
  void Forget() {
    const std::lock_guard lock(mutex_);
    changes_.clear();
    exits_.clear();
    forks_.clear();
    lost_ = 0;
    tracers_.clear();
  }

 private:
  template <typename F>
  void Note(F note) {
    {
      const std::lock_guard lock(mutex_);
      note();
    }
    noted_.notify_all();
  }
  template <typename F>
  bool WaitFor(F done) {
    std::unique_lock lock(mutex_);
    return noted_.wait_for(lock, std::chrono::seconds(10), done);
  }
  template <typename T>
  std::vector<T> Copy(const std::vector<T>& from) {
    const std::lock_guard lock(mutex_);
    return from;
  }

  std::mutex mutex_;
  std::condition_variable noted_;
  std::vector<Change> changes_;  // By mutex_, as all that follows.
  std::vector<ProcessKey> exits_;
  std::vector<std::pair<ProcessKey, ProcessKey>> forks_;
  std::vector<std::pair<ProcessKey, pid_t>> tracers_;
  int lost_ = 0;
};

}  // namespace surety::testing
