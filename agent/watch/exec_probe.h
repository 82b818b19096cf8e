#pragma once

#include <utility>

#include "surety/process.h"
#include "surety/unique_fd.h"

namespace surety {

/// Tells without an event that a process has executed another program (or the
/// same one again). It holds a descriptor of /proc/PID/pagemap, which the kernel
/// binds to the memory that the process has when it is opened (proc_pid_pagemap(5)).
///
/// An exec while another process shares that memory (vfork(2), CLONE_VM) is not
/// seen: ProcessLook compares the executable too. One owner.
class ExecProbe {
 public:
  /// Knows nothing.
  ExecProbe() = default;
  /// Bound to the program that runs now. kPeerGone if the process runs none any
  /// more: it has exited or is about to. Any other error: the descriptor cannot be
  /// had (CAP_SYS_PTRACE, kernel without CONFIG_PROC_PAGE_MONITOR, out of descriptors).
  static Result<ExecProbe> Open(const ProcessHandle& process);

  [[nodiscard]] bool knows() const { return static_cast<bool>(file_); }

  /// True once the program that was bound is gone: another one runs, or the process
  /// exits (Open tells which). False while it runs, or when this probe knows nothing.
  /// Costs one system call and takes no lock that the process could hold.
  [[nodiscard]] bool HasExecuted() const;

 private:
  explicit ExecProbe(UniqueFd file) : file_(std::move(file)) {}

  UniqueFd file_;
};

}  // namespace surety
