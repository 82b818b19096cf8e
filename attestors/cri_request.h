#pragma once

#include <optional>
#include <stop_token>
#include <string>

#include "attestors/container_facts.h"
#include "attestors/engine_request.h"
#include "attestors/engine_socket.h"
#include "surety/result.h"

namespace surety {

/// Asks a runtime that speaks CRI (containerd, CRI-O) by gRPC about one container and
/// the pod that it is in, on a connection of its own (engine_socket.h). nullopt: it has
/// no such container. However the runtime behaves, it takes no longer than the timeout,
/// but for an open of the path that hangs, and no answer above max_bytes is read.
///
/// Errors: those of engine_socket.h; kDeadline; kResourceExhausted: too long an answer;
/// kUnavailable: no gRPC, the runtime went away, or an answer from which nothing can be
/// told: about another container or pod, of one that does not run, without the pid of
/// its first process.
Result<std::optional<ContainerFacts>> AskCri(const EngineSocket& socket, const std::string& id,
                                             const EngineRequestLimits& limits,
                                             const std::stop_token& stop);

}  // namespace surety
