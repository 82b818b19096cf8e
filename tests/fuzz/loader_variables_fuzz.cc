#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "attestors/loader_variables.h"

// What is found is known, in order and once, and stays found with anything before or behind it.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string block(reinterpret_cast<const char*>(data), size);
  const auto found = surety::FindLoaderVariables(block);
  for (const auto name : found) {
    if (block.find(std::string(name) + '=') == std::string::npos) std::abort();
  }
  if (!std::is_sorted(found.begin(), found.end()) ||
      std::adjacent_find(found.begin(), found.end()) != found.end())
    std::abort();
  const std::string more = "PATH=/bin" + std::string(1, '\0') + block + '\0' + "LD_AUDIT=/x";
  const auto wider = surety::FindLoaderVariables(more);
  if (!std::includes(wider.begin(), wider.end(), found.begin(), found.end()) ||
      std::find(wider.begin(), wider.end(), "LD_AUDIT") == wider.end())
    std::abort();
  return 0;
}
