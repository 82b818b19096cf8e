#pragma once

#include <memory>

#include "surety/process.h"

namespace surety {

/// Handles on the processes of this machine. Each holds two descriptors, a pidfd
/// and an O_PATH descriptor of /proc/PID, opened in this order and only then
/// checked for life: the pid cannot have been given away in between, and /proc's
/// own descriptor never leads to a later process of the same pid. Handles of one
/// process are shared; what has been let go is forgotten.
///
/// While fewer than 512 such descriptors are open, a handle also keeps those of
/// /proc/PID/status and cgroup open between reads. Each pread(2) of them from the
/// start has the kernel print the file anew, for this process or for none.
///
/// A read does not ask whether the process still lives, since whoever reads asks
/// IsAlive() after the last read: of a process that has exited and is not yet
/// reaped, a read may still give its last state. A read that fails says kPeerGone
/// if that is why. Some fail (kUnavailable) of a process that lives on without its
/// first thread: it may execute another program, and has one again.
///
/// Errors of both opens: kPeerGone (exited, also when not yet reaped),
/// kInvalidArgument (no process id, or the id of a thread), kUnavailable (not
/// visible in this pid namespace), kResourceExhausted (out of descriptors).
///
/// The handles' ReadFile refuses (kInvalidArgument) a name that leads out of
/// /proc/PID. They need /proc to be mounted, and CAP_SYS_PTRACE for links of
/// processes of other users.
std::unique_ptr<ProcessOpener> MakeLinuxProcessOpener();

}  // namespace surety
