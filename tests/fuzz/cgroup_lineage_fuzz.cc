#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "attestors/cgroup_owner.h"

// Of a whole /proc/PID/cgroup, of whose paths root made the first so many bytes:
// nothing that stands behind them decides.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::size_t made = data[0];
  const std::string text(reinterpret_cast<const char*>(data) + 1, size - 1);
  const auto lines = surety::ParseCgroups(text);
  if (!lines) return 0;
  const auto cut = [made](const surety::CgroupLine& line) -> surety::Result<std::string_view> {
    std::string_view part = line.path.substr(0, std::min(made, line.path.size()));
    if (part.size() < line.path.size()) part = part.substr(0, part.rfind('/'));
    return part;
  };
  const auto owner = surety::FindCgroupOwner(*lines, cut);
  if (!owner) std::abort();

  auto shortened = *lines;
  for (auto& line : shortened) line.path = *cut(line);
  const auto all = [](const surety::CgroupLine& line) -> surety::Result<std::string_view> {
    return line.path;
  };
  if (*surety::FindCgroupOwner(shortened, all) != *owner) std::abort();
  const std::string id = *owner ? (*owner)->id : "";
  for (const char byte : id) {
    if (static_cast<unsigned char>(byte) < 0x20) std::abort();
  }
  return 0;
}
