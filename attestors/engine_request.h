#pragma once

#include <chrono>
#include <cstddef>
#include <stop_token>
#include <string>

#include "attestors/engine_socket.h"
#include "surety/result.h"

namespace surety {

struct EngineRequestLimits {
  std::chrono::milliseconds timeout{2'000};  ///< For the whole of one request.
  std::size_t max_bytes = 1UL << 20U;        ///< Of an answer's body.
};

struct EngineReply {
  long status = 0;   ///< Of HTTP.
  std::string body;  ///< Said to be JSON.
};

/// One GET over a connection of its own (engine_socket.h). However the engine
/// behaves, it takes no longer than the timeout, but for an open of the path that
/// hangs, and no more memory than a few times max_bytes. For worker threads.
///
/// Errors: those of engine_socket.h; kDeadline: no whole answer in time;
/// kResourceExhausted: too long an answer; kUnavailable: no HTTP, not JSON by its
/// content type, or the engine went away.
Result<EngineReply> AskEngine(const EngineSocket& socket, const std::string& path,
                              const EngineRequestLimits& limits, const std::stop_token& stop);

}  // namespace surety
