#pragma once

#include <sys/types.h>

#include <map>
#include <string>
#include <vector>

namespace surety {

/// What an engine says of a container. Texts are as the engine has them.
struct ContainerFacts {
  using Labels = std::map<std::string, std::string>;

  std::string id;                   ///< 64 lower-case hex digits.
  std::string name;                 ///< Without Docker's '/' in front.
  std::string image_id;             ///< The image as it was named to the engine: "web:1.2".
  std::string image_digest;         ///< "sha256:…", see docs/containers.md.
  std::string image_config_digest;  ///< The same; empty if the engine does not say.
  Labels labels;
  std::vector<std::string> env;  ///< "NAME=value".
  pid_t pid = 0;                 ///< Of its first process.
  std::string started_at;        ///< As the engine writes it: only ever compared.

  std::string pod_id;  ///< Empty if it is in none, as all that follows.
  std::string pod_name;
  std::string pod_uid;        ///< Of Kubernetes, which names it in cgroups as well.
  std::string pod_namespace;  ///< Of Kubernetes.
  Labels pod_labels;
  bool operator==(const ContainerFacts&) const = default;
};

}  // namespace surety
