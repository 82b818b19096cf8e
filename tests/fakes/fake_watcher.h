#pragma once

#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "surety/watcher.h"

namespace surety {

/// Remembers whom it was told to follow; what happens to them is the test's to say,
/// by calling what it was made with. Thread-safe.
class FakeWatcher final : public Watcher {
 public:
  explicit FakeWatcher(WatcherEvents events = {}) : events(std::move(events)) {}

  void Follow(std::shared_ptr<const ProcessHandle> process) override {
    const std::lock_guard lock(mutex_);
    followed_.push_back(process->key());
  }
  [[nodiscard]] WatcherStatus Status() const override {
    const std::lock_guard lock(mutex_);
    auto status = status_;
    status.followed = followed_.size();
    return status;
  }

  void SetStatus(WatcherStatus status) {
    const std::lock_guard lock(mutex_);
    status_ = std::move(status);
  }
  /// In the order in which they were given, each as often as it was.
  [[nodiscard]] std::vector<ProcessKey> followed() const {
    const std::lock_guard lock(mutex_);
    return followed_;
  }

  const WatcherEvents events;

 private:
  mutable std::mutex mutex_;
  std::vector<ProcessKey> followed_;  // By mutex_, as all that follows.
  WatcherStatus status_;
};

}  // namespace surety
