#pragma once

#include <sys/types.h>

#include <string>

#include "surety/result.h"
#include "surety/unique_fd.h"

namespace surety {

/// Where a container engine listens, and whose it is.
struct EngineSocket {
  std::string path;  ///< Absolute.
  uid_t uid = 0;     ///< Who must own it. Not 0: a rootless engine, which speaks for this user.
  bool operator==(const EngineSocket&) const = default;
};

/// An O_PATH descriptor of the socket, of which the file belongs to `socket.uid`. A
/// connection through it leads to this very file, whatever has its name by then. The
/// path may lead to a file system that never answers: for worker threads.
/// kUnavailable: no socket there; kPermissionDenied: out of reach, or another user's.
Result<UniqueFd> OpenEngineSocket(const EngineSocket& socket);

/// Whether the process that began to listen at the other end of this connection was
/// of `socket.uid` too (SO_PEERCRED, unix(7)). kPermissionDenied if not.
Result<void> CheckListener(const EngineSocket& socket, int connection);

/// What an errno of opening it or connecting to it means, and what to do.
Error EngineSocketError(const EngineSocket& socket, const char* what, int error);

}  // namespace surety
