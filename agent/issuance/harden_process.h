#pragma once

#include "surety/result.h"

namespace surety {

/// Keeps this process's memory to itself, from here to its end: it leaves no
/// core dump, cannot be attached to or have its memory read by other processes
/// of its own uid (PR_SET_DUMPABLE 0), and neither it nor a child gains power by
/// exec (PR_SET_NO_NEW_PRIVS). Call at the start of main, before the first key;
/// again after anything that makes it dumpable anew: exec, and a change of uid
/// or capabilities through a set-uid or set-capability file (prctl(2)).
///
/// What it costs: /proc/self/* now belongs to root (proc(5)). Whatever is
/// readable by all (status, stat, cgroup) stays so, this process may still list
/// /proc/self/fd and use /proc/self/fd/N; but without root or
/// CAP_DAC_READ_SEARCH it can no longer open its own files of mode 0400, such as
/// /proc/self/environ. Reading *other* processes is not affected. Debuggers need
/// CAP_SYS_PTRACE.
///
/// kInternal names the call that failed; the daemon does not start then.
Result<void> HardenProcess();

}  // namespace surety
