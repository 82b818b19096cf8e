#pragma once

#include <chrono>
#include <string>

#include "surety/result.h"
#include "surety/unique_fd.h"

namespace surety {

/// Connects to the socket of an external hook, whose word can take identities away.
/// Socket and folder belong to root or to our own uid, nobody else can replace the
/// socket, not everybody can write to it, and so does the process that listens, as
/// the kernel says (SO_PEERCRED, unix(7)). The errors are kPermissionDenied, or those
/// of ConnectUnixSocket, and name the path and what to do.
Result<UniqueFd> ConnectHook(const std::string& path, std::chrono::milliseconds timeout);

}  // namespace surety
