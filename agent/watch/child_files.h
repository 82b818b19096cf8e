#pragma once

#include <sys/types.h>

#include <cstddef>
#include <vector>

#include "surety/process.h"

namespace surety {

/// The children that a process has now, from /proc/PID/task/TID/children
/// (proc_tid_children(5), CONFIG_PROC_CHILDREN) of at most 256 of its threads; at
/// most `most` of them. Empty if it has exited or the kernel has no such file.
std::vector<pid_t> ReadChildren(const ProcessHandle& process, std::size_t most);

}  // namespace surety
