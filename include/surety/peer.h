#pragma once

#include <sys/types.h>

#include <cstdint>
#include <memory>

#include "surety/process.h"

namespace surety {

/// Who is at the other end of one connection, as the kernel said at accept()
/// (SO_PEERCRED and SO_PEERPIDFD, unix(7)): the process that called connect(),
/// whoever holds the socket by now. Cheap to copy; copies share the handle.
struct Peer {
  std::shared_ptr<const ProcessHandle> process;
  uid_t uid = 0;
  gid_t gid = 0;
  std::uint64_t connection_id = 0;  ///< Unique in this run of the daemon.
};

}  // namespace surety
