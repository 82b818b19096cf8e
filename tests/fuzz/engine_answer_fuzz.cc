#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "attestors/engine_answer.h"

namespace {

// What goes into the path of a request, or names a process, is never anything else.
void Check(const surety::ContainerFacts& facts) {
  constexpr std::string_view kHex = "0123456789abcdef";
  if (facts.id.find_first_not_of(kHex) != std::string::npos) std::abort();
  if (facts.pod_id.find_first_not_of(kHex) != std::string::npos) std::abort();
  if (facts.pid <= 0 || facts.started_at.empty()) std::abort();
  if (facts.labels.size() > 1000 || facts.env.size() > 1000) std::abort();
}

}  // namespace

// An engine's answer, as if each engine had given it.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view json(reinterpret_cast<const char*>(data), size);
  if (const auto docker = surety::ParseDockerContainer(json)) Check(*docker);
  auto podman = surety::ParsePodmanContainer(json);
  if (podman) {
    Check(*podman);
    if (surety::ParsePodmanPod(json, *podman) && podman->pod_id != podman->id) std::abort();
  }
  static_cast<void>(surety::SaysNotFound(json));
  return 0;
}
