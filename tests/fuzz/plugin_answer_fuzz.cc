#include <cstdint>
#include <cstdlib>
#include <string>

#include "attestor.pb.h"
#include "attestors/plugin_answer.h"
#include "attestors/printable.h"

// Whatever a plug-in answers: all that comes of it is of the operator's type and of the
// kinds described, bounded, and printable.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  surety::attestor::v1::AttestResponse response;
  if (!response.ParseFromArray(data, static_cast<int>(size))) return 0;
  surety::PluginAnswer answer{response.start_time(), {}, {}};
  for (const auto& one : response.selectors())
    answer.selectors.push_back({one.kind(), one.value()});
  for (const auto& one : response.missing()) answer.missing.push_back({one.kind(), one.why()});
  const auto judged = surety::JudgePluginAnswer("slurm", {"job", "step"}, {42, 1000}, answer);
  if (!judged) return 0;
  if (answer.start_ticks != 1000) std::abort();
  if (judged->selectors.size() > surety::kMostPluginSelectors) std::abort();
  for (const surety::Selector& selector : judged->selectors) {
    if (selector.type != "slurm") std::abort();
    if (selector.Kind() != "slurm:job" && selector.Kind() != "slurm:step") std::abort();
    if (surety::Printable(selector.value) != selector.value) std::abort();
  }
  for (const surety::MissingFact& fact : judged->missing)
    if (fact.kind != "slurm" && fact.kind != "slurm:job" && fact.kind != "slurm:step") std::abort();
  return 0;
}
