#include "attestors/engine_dialect.h"

#include "attestors/engine_answer.h"

namespace surety {

const EngineDialect& DockerDialect() {
  static const EngineDialect kDocker{
      .name = "docker",
      .engine = ContainerEngine::kDocker,
      .container_path = [](const std::string& id) { return "/containers/" + id + "/json"; },
      .pod_path = nullptr,
      .read_container = &ParseDockerContainer,
      .read_pod = nullptr};
  return kDocker;
}

const EngineDialect& PodmanDialect() {
  static const EngineDialect kPodman{
      .name = "podman",
      .engine = ContainerEngine::kPodman,
      .container_path =
          [](const std::string& id) { return "/v4.0.0/libpod/containers/" + id + "/json"; },
      .pod_path = [](const std::string& id) { return "/v4.0.0/libpod/pods/" + id + "/json"; },
      .read_container = &ParsePodmanContainer,
      .read_pod = &ParsePodmanPod};
  return kPodman;
}

}  // namespace surety
