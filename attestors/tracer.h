#pragma once

#include <sys/types.h>

#include <functional>

#include "surety/process.h"
#include "surety/result.h"

namespace surety {

/// The real uid of the process that a thread belongs to, by the thread's number
/// alone, from /proc. Errors as of reading there; kNotFound: no such thread.
using RealUidOfThread = std::function<Result<uid_t>(pid_t)>;
Result<uid_t> ReadRealUidOfThread(pid_t thread);

/// Who traces `process`, which was just seen to be traced by the thread `tracer`.
/// The number is believed only if the process names the same tracer afterwards: a
/// tracer that exits lets go, so it was the same thread all the while.
/// kPeerGone: the process has exited; any other error: could not tell.
Result<uid_t> UidOfTracer(const ProcessHandle& process, pid_t tracer,
                          const RealUidOfThread& real_uid);

}  // namespace surety
