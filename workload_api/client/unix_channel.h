#pragma once

#include <grpcpp/channel.h>

#include <chrono>
#include <memory>
#include <string>

#include "surety/result.h"
#include "surety/unique_fd.h"

namespace surety {

/// Connects to the socket of suretyd at `path` and makes a channel of it. Errors as
/// of ConnectUnixSocket.
Result<std::shared_ptr<grpc::Channel>> ConnectUnix(const std::string& path,
                                                   std::chrono::milliseconds timeout);

/// A channel of this one connection: gRPC neither resolves, nor retries, nor
/// connects again, and what is in the way is known by errno and not as "failed to
/// connect". Messages above `most_bytes` are not taken.
std::shared_ptr<grpc::Channel> ChannelOver(UniqueFd socket, int most_bytes);

}  // namespace surety
