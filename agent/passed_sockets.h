#pragma once

#include "surety/result.h"
#include "surety/unique_fd.h"

namespace surety {

/// Listening sockets that systemd made and passed on (systemd.socket(5)): those of
/// suretyd.socket and suretyd-admin.socket. Empty: the daemon makes its own.
struct PassedSockets {
  UniqueFd workload;  ///< FileDescriptorName=workload
  UniqueFd admin;     ///< FileDescriptorName=admin
};

/// Takes them from the environment (sd_listen_fds_with_names(3)), where no process and
/// no second call finds them again. kInvalidArgument if one has another name, or two
/// have the same. Call it before the first thread is made.
Result<PassedSockets> TakePassedSockets();

}  // namespace surety
