#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "attestors/container_cgroup.h"
#include "attestors/container_facts.h"
#include "attestors/engine_request.h"
#include "surety/result.h"

namespace surety {

/// One sort of container engine: how it is asked and what it is called.
struct EngineDialect {
  std::string_view name;   ///< The type of its selectors: "docker".
  ContainerEngine engine;  ///< Whose cgroups it answers for, besides those of kAny.
  std::string (*container_path)(const std::string& id);
  std::string (*pod_path)(const std::string& id);  ///< Null without pods.
  Result<ContainerFacts> (*read_container)(std::string_view json);
  Result<void> (*read_pod)(std::string_view json, ContainerFacts& facts);
};

const EngineDialect& DockerDialect();  ///< Docker Engine API, unversioned: the engine's newest.
const EngineDialect& PodmanDialect();  ///< libpod's API, from Podman 4 on.

}  // namespace surety
