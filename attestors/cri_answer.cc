#include "attestors/cri_answer.h"

#include <string>
#include <string_view>

#include "attestors/engine_answer.h"

namespace surety {
namespace {

namespace pb = runtime::v1;

constexpr int kMostLabels = 1000;

Error Unusable(const std::string& what) {
  return {ErrorCode::kUnavailable, "the runtime's answer " + what};
}

template <typename Map>
Result<ContainerFacts::Labels> LabelsOf(const Map& labels) {
  if (labels.size() > kMostLabels)
    return Unusable("has " + std::to_string(labels.size()) + " labels");
  return ContainerFacts::Labels(labels.begin(), labels.end());
}

// "REPOSITORY@sha256:…" of what was pulled; of what was imported, the image's id.
std::string DigestIn(const std::string& image) {
  constexpr std::string_view kAlgorithm = "sha256:";
  const std::string digest =
      image.substr(image.find('@') == std::string::npos ? 0 : image.find('@') + 1);
  return digest.starts_with(kAlgorithm) ? digest : "";
}

}  // namespace

Result<ContainerFacts> ReadCriContainer(const pb::ContainerStatusResponse& answer) {
  const pb::ContainerStatus& status = answer.status();
  if (status.state() != pb::CONTAINER_RUNNING || status.started_at() <= 0)
    return Unusable("says that the container does not run");
  ContainerFacts facts;
  facts.id = status.id();
  facts.name = status.metadata().name();
  facts.image_id = status.image().image();
  facts.image_digest = DigestIn(status.image_ref());
  facts.started_at = std::to_string(status.started_at());
  auto labels = LabelsOf(status.labels());
  if (!labels) return labels.error();
  facts.labels = *std::move(labels);
  const auto info = answer.info().find("info");
  if (info == answer.info().end()) return Unusable("has no \"info\", and so no pid");
  if (const auto read = ParseCriInfo(info->second, facts); !read) return read.error();
  return facts;
}

Result<void> ReadCriPod(const pb::PodSandboxStatusResponse& answer, ContainerFacts& facts) {
  const pb::PodSandboxStatus& status = answer.status();
  if (status.id() != facts.pod_id) return Unusable("is about another pod");
  auto labels = LabelsOf(status.labels());
  if (!labels) return labels.error();
  facts.pod_labels = *std::move(labels);
  facts.pod_name = status.metadata().name();
  facts.pod_uid = status.metadata().uid();
  facts.pod_namespace = status.metadata().namespace_();
  if (facts.pod_name.empty() || facts.pod_uid.empty() || facts.pod_namespace.empty())
    return Unusable("does not say which pod it is about");
  return {};
}

}  // namespace surety
