#pragma once

#include "attestors/container_facts.h"
#include "cri.pb.h"
#include "surety/result.h"

namespace surety {

// What a CRI runtime answers, which one that is broken or not what it seems may have
// made up. Pure. Errors: kUnavailable, saying what cannot be used.

/// The container, of which `pod_id` names the sandbox. Also kUnavailable if it does not
/// run. The interface has no pid; the runtimes tell it, and the sandbox, in "info".
Result<ContainerFacts> ReadCriContainer(const runtime::v1::ContainerStatusResponse& answer);

/// Adds what is said of the pod, which must be the one that `facts` names.
Result<void> ReadCriPod(const runtime::v1::PodSandboxStatusResponse& answer, ContainerFacts& facts);

}  // namespace surety
