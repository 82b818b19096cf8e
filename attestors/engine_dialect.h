#pragma once

#include <optional>
#include <stop_token>
#include <string>
#include <string_view>

#include "attestors/container_cgroup.h"
#include "attestors/container_facts.h"
#include "attestors/engine_request.h"
#include "surety/result.h"

namespace surety {

/// What the facts are called in selectors. Empty: none are made of this one.
struct EngineSpelling {
  std::string_view label = "label";
  std::string_view image_id = "image_id";
  std::string_view image_digest = "image_digest";
  std::string_view image_config_digest = "image_config_digest";
  std::string_view name = "name";
  std::string_view rootless_uid = "rootless_uid";
  std::string_view pod_id{};
  std::string_view pod_name{};
  std::string_view pod_label{};
  std::string_view pod_uid{};
  std::string_view pod_namespace{};
};

/// One sort of container engine: how it is asked and what it is called. By HTTP, unless
/// there is an `ask` that asks in its stead.
struct EngineDialect {
  using Ask = Result<std::optional<ContainerFacts>> (*)(const EngineSocket& socket,
                                                        const std::string& id,
                                                        const EngineRequestLimits& limits,
                                                        const std::stop_token& stop);

  std::string_view name;          ///< The type of its selectors: "docker".
  ContainerEngine engine;         ///< Whose cgroups it answers for, besides those of kAny.
  ContainerEngine second_engine;  ///< As well.
  EngineSpelling spelling;
  Ask ask;  ///< Null: by HTTP.
  std::string (*container_path)(const std::string& id);
  std::string (*pod_path)(const std::string& id);  ///< Null without pods.
  Result<ContainerFacts> (*read_container)(std::string_view json);
  Result<void> (*read_pod)(std::string_view json, ContainerFacts& facts);
};

const EngineDialect& DockerDialect();  ///< Docker Engine API, unversioned: the engine's newest.
const EngineDialect& CriDialect();     ///< containerd and CRI-O, as Kubernetes asks them.
const EngineDialect& PodmanDialect();  ///< libpod's API, from Podman 4 on.

}  // namespace surety
