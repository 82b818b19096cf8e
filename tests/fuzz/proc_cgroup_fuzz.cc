#include <cstdint>
#include <cstdlib>
#include <string>

#include "attestors/proc_text.h"

// Lines can be put together again, and every path begins with '/'.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  const auto lines = surety::ParseCgroups(text);
  if (!lines) return 0;
  std::string printed;
  for (const auto& line : *lines) {
    if (!line.path.starts_with('/') || line.controllers.find(':') != std::string_view::npos)
      std::abort();
    printed += std::to_string(line.hierarchy) + ":" + std::string(line.controllers) + ":" +
               std::string(line.path) + "\n";
  }
  const auto again = surety::ParseCgroups(printed);
  if (!again || *again != *lines) std::abort();
  return 0;
}
