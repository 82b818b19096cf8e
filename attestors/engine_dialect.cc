#include "attestors/engine_dialect.h"

#include "attestors/cri_request.h"
#include "attestors/engine_answer.h"

namespace surety {

const EngineDialect& DockerDialect() {
  static const EngineDialect kDocker{
      .name = "docker",
      .engine = ContainerEngine::kDocker,
      .second_engine = ContainerEngine::kDocker,
      .spelling = {},
      .ask = nullptr,
      .container_path = [](const std::string& id) { return "/containers/" + id + "/json"; },
      .pod_path = nullptr,
      .read_container = &ParseDockerContainer,
      .read_pod = nullptr};
  return kDocker;
}

const EngineDialect& CriDialect() {
  static const EngineDialect kCri{.name = "k8s",
                                  .engine = ContainerEngine::kContainerd,
                                  .second_engine = ContainerEngine::kCrio,
                                  .spelling = {.label = "container-label",
                                               .image_id = "container-image",
                                               .image_digest = "container-image-digest",
                                               .image_config_digest = {},
                                               .name = "container-name",
                                               .rootless_uid = {},
                                               .pod_id = {},
                                               .pod_name = "pod-name",
                                               .pod_label = "pod-label",
                                               .pod_uid = "pod-uid",
                                               .pod_namespace = "ns"},
                                  .ask = &AskCri,
                                  .container_path = nullptr,
                                  .pod_path = nullptr,
                                  .read_container = nullptr,
                                  .read_pod = nullptr};
  return kCri;
}

const EngineDialect& PodmanDialect() {
  static const EngineDialect kPodman{
      .name = "podman",
      .engine = ContainerEngine::kPodman,
      .second_engine = ContainerEngine::kPodman,
      .spelling = {.pod_id = "pod_id", .pod_name = "pod_name", .pod_label = "pod_label"},
      .ask = nullptr,
      .container_path =
          [](const std::string& id) { return "/v4.0.0/libpod/containers/" + id + "/json"; },
      .pod_path = [](const std::string& id) { return "/v4.0.0/libpod/pods/" + id + "/json"; },
      .read_container = &ParsePodmanContainer,
      .read_pod = &ParsePodmanPod};
  return kPodman;
}

}  // namespace surety
