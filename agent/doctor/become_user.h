#pragma once

#include <sys/types.h>

#include "surety/result.h"

namespace surety {

/// Makes this process, if it is root's, one of `uid` with root's capabilities: whose a
/// file is, is then judged as the daemon judges it, and everything can still be seen.
/// To be called by the thread that starts the others. kPermissionDenied if the kernel
/// does not let it.
Result<void> BecomeUser(uid_t uid);

}  // namespace surety
