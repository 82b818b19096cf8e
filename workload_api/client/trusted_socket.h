#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "surety/result.h"
#include "surety/unique_fd.h"

namespace surety {

/// Connects to the socket of a program of the operator's whose word counts: `server`
/// names it ("the hook"). Socket and folder belong to root or to our own uid, nobody else
/// can replace the socket, not everybody can write to it, and the process that listens
/// has one of these uids, as the kernel says (SO_PEERCRED, unix(7)). The errors are
/// kPermissionDenied, or those of ConnectUnixSocket, and name the path and what to do.
Result<UniqueFd> ConnectTrusted(const std::string& path, std::string_view server,
                                std::chrono::milliseconds timeout);

}  // namespace surety
