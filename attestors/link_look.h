#pragma once

#include <sys/types.h>

#include "attestors/ancestry.h"
#include "surety/process.h"
#include "surety/result.h"

namespace surety {

/// What a process is as a link of a chain now. The fields are read one after the
/// other: whoever needs them to fit together looks again afterwards.
/// Errors: kPeerGone, and those of ProcessHandle::ReadFile.
Result<Link> LookAtLink(const ProcessHandle& process);

/// Its parent now. Errors as above.
Result<pid_t> ParentOf(const ProcessHandle& process);

/// Whether parent, session and real uid are what they were, from the kernel's
/// cheapest answers (PIDFD_GET_INFO, getsid(2)): 2 us. False if not, if the process
/// is gone, and on a kernel before 6.13, which has to be asked more thoroughly.
bool IsUnchanged(const ProcessHandle& process, const Link& link);

/// The same of whoever has the link's pid now. That may be a later process, which
/// passes only if its parent, session and uid are the same.
bool IsUnchanged(const Link& link);

}  // namespace surety
