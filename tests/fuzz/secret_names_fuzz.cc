#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "workload_api/secret_names.h"

// A request with one name a line: what is taken was asked for, is in order and within the
// limits; what is said of the rest can be shown on a terminal.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::vector<std::string> names(1);
  for (const char each : std::string_view(reinterpret_cast<const char*>(data), size)) {
    if (each == '\n')
      names.emplace_back();
    else
      names.back() += each;
  }
  const auto demand = surety::ReadSecretDemand(names, {});
  if (!demand) {
    for (const char each : demand.error().Text())
      if (each < ' ' || each > '~') std::abort();
    return 0;
  }
  if (demand->wanted.size() > surety::kMostSecretNames) std::abort();
  if (!std::ranges::is_sorted(demand->wanted)) std::abort();
  for (const auto& one : demand->wanted)
    if (one.name.empty() || std::ranges::find(names, one.name) == names.end()) std::abort();
  return 0;
}
