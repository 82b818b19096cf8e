#include <cstdint>
#include <cstdlib>

#include "attestors/cri_answer.h"

// Whatever a runtime answers, what is taken of it names one container and one pod.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const int length = static_cast<int>(size);
  surety::ContainerFacts facts;
  if (runtime::v1::ContainerStatusResponse container; container.ParseFromArray(data, length)) {
    const auto read = surety::ReadCriContainer(container);
    if (read && (read->pid <= 0 || read->pod_id.empty() || read->started_at.empty())) std::abort();
    if (read) facts = *read;
  }
  if (runtime::v1::PodSandboxStatusResponse pod; pod.ParseFromArray(data, length)) {
    facts.pod_id = pod.status().id();
    if (surety::ReadCriPod(pod, facts) && (facts.pod_uid.empty() || facts.pod_namespace.empty()))
      std::abort();
  }
  return 0;
}
