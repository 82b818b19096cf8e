#pragma once

#include <sys/types.h>

#include <optional>
#include <stop_token>
#include <string>

#include "attestors/engine_request.h"
#include "attestors/engine_socket.h"
#include "surety/result.h"

namespace surety {

/// The first process of the container of this name or id, as an engine that speaks
/// Docker's API says (Podman does as well); nullopt: it knows no such one, or it does not
/// run. Errors: engine_request.h, and kUnavailable for an answer that is none.
Result<std::optional<pid_t>> AskFirstProcess(const EngineSocket& socket,
                                             const std::string& container,
                                             const EngineRequestLimits& limits,
                                             const std::stop_token& stop);

}  // namespace surety
