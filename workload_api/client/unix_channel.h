#pragma once

#include <grpcpp/channel.h>

#include <chrono>
#include <memory>
#include <string>

#include "surety/result.h"

namespace surety {

/// Connects to the Unix socket at `path` and makes a channel of that one
/// connection: gRPC neither resolves, nor retries, nor connects again, and what
/// is in the way is known by errno and not as "failed to connect".
///
/// Waits at most `timeout` for a place in a full backlog (unix(7)). The errors
/// are all kUnavailable and say what is wrong and what to do: no such socket, a
/// stale one, no permission, a full backlog, a path too long.
Result<std::shared_ptr<grpc::Channel>> ConnectUnix(const std::string& path,
                                                   std::chrono::milliseconds timeout);

}  // namespace surety
