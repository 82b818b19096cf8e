#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "surety/result.h"
#include "surety/unique_fd.h"

namespace surety {

/// Connects to the Unix socket at `path`, on which `server` ("suretyd") listens.
///
/// Waits at most `timeout` for a place in a full backlog (unix(7)). The errors
/// are all kUnavailable and say what is wrong and what to do: no such socket, a
/// stale one, no permission, a full backlog, a path too long.
Result<UniqueFd> ConnectUnixSocket(const std::string& path, std::string_view server,
                                   std::chrono::milliseconds timeout);

}  // namespace surety
