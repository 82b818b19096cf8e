#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include "surety/process.h"
#include "tests/fakes/fake_process.h"

namespace surety {

/// Opens fake processes by their pid. A pid that nobody added is kPeerGone.
/// Thread-safe.
class FakeOpener final : public ProcessOpener {
 public:
  /// What stands under this pid from now on.
  void Put(pid_t pid, Result<std::shared_ptr<const ProcessHandle>> process) {
    const std::lock_guard lock(mutex_);
    processes_.insert_or_assign(pid, std::move(process));
  }

  Result<std::shared_ptr<const ProcessHandle>> Open(pid_t pid, UniqueFd /*pidfd*/) override {
    return OpenByPid(pid);
  }
  Result<std::shared_ptr<const ProcessHandle>> OpenByPid(pid_t pid) override {
    const std::lock_guard lock(mutex_);
    ++opened_;
    const auto at = processes_.find(pid);
    if (at == processes_.end())
      return Error(ErrorCode::kPeerGone, "no process " + std::to_string(pid));
    return at->second;
  }
  /// Calls so far.
  [[nodiscard]] int opened() const {
    const std::lock_guard lock(mutex_);
    return opened_;
  }

 private:
  mutable std::mutex mutex_;
  std::map<pid_t, Result<std::shared_ptr<const ProcessHandle>>> processes_;  // By mutex_.
  int opened_ = 0;                                                           // By mutex_.
};

}  // namespace surety
