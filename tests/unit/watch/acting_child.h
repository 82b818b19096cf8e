#pragma once

#include <sys/types.h>

#include <functional>
#include <vector>

#include "surety/unique_fd.h"

namespace surety::testing {

/// A process of the test's own that does what it is told, step by step; killed and
/// reaped by the destructor. The acts run in the child after fork(2): they may only
/// make system calls, and return false, with errno set, when they fail.
class ActingChild {
 public:
  using Act = std::function<bool()>;

  /// Waits to be told from the first moment.
  explicit ActingChild(const std::vector<Act>& acts);
  ActingChild(const ActingChild&) = delete;
  ActingChild& operator=(const ActingChild&) = delete;
  ~ActingChild() { KillAndReap(); }

  /// Has it do one of the acts and returns when that is done, or when the process
  /// has exited or executed a program: 0, or the errno of a failure.
  int Do(std::size_t act);

  [[nodiscard]] pid_t pid() const { return pid_; }
  void KillAndReap();

 private:
  pid_t pid_ = -1;
  UniqueFd orders_;
  UniqueFd answers_;
};

}  // namespace surety::testing
