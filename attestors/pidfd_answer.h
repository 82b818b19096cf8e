#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>

#include "surety/result.h"

namespace surety {

/// What the kernel says of a process through its pidfd (PIDFD_GET_INFO, linux/pidfd.h,
/// Linux 6.13), in one call that a reused pid cannot confuse.
struct PidfdAnswer {
  pid_t parent = 0;  ///< Real parent; 0 if it is outside of the daemon's pid namespace.
  uid_t uid = 0;     ///< Real, as the daemon's user namespace sees it.
  std::optional<std::uint64_t> cgroup_id;  ///< Of the v2 cgroup, if the kernel has one.
};

/// Of a process that has exited and is not yet reaped, its last state. Does not
/// block. kNotFound: this kernel does not tell. kPeerGone: reaped.
Result<PidfdAnswer> AskPidfd(int pidfd);

}  // namespace surety
