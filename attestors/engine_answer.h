#pragma once

#include <string_view>

#include "attestors/container_facts.h"
#include "surety/result.h"

namespace surety {

/// Parsers of what engines answer, which an engine that is broken or not what it
/// seems may have made up. Nested at most 32 deep, at most 1000 labels and
/// variables, 64 KiB of each; what is not looked at may be anything. Pure. Errors: kUnavailable,
/// naming the field: from such an answer nothing can be told.

/// Of GET /containers/ID/json (Docker Engine API). Also kUnavailable if the
/// container does not run: its first process has not started yet, or is gone.
Result<ContainerFacts> ParseDockerContainer(std::string_view text);

/// Of GET /libpod/containers/ID/json (Podman). The pod has its id alone.
Result<ContainerFacts> ParsePodmanContainer(std::string_view text);

/// Adds what GET /libpod/pods/ID/json says, which must be of the pod that `facts` names.
Result<void> ParsePodmanPod(std::string_view text, ContainerFacts& facts);

/// Adds pid and pod of the "info" of a CRI runtime's ContainerStatus: containerd and
/// CRI-O call them alike. Both must be there.
Result<void> ParseCriInfo(std::string_view text, ContainerFacts& facts);

/// Whether a body that came with status 404 is an engine's, which says with it that
/// it has no such container, and not that of something else that has no such page.
bool SaysNotFound(std::string_view text);

}  // namespace surety
