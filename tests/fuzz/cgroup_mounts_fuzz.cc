#include <cstdint>
#include <cstdlib>
#include <string>

#include "attestors/cgroup_mounts.h"

// No line of a table of mounts that the kernel did not write so makes a tree of both kinds.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string table(reinterpret_cast<const char*>(data), size);
  const auto mounts = surety::ParseCgroupMounts(table);
  if (!mounts) return 0;
  for (const auto& mount : *mounts) {
    if (mount.Has("") != mount.unified) std::abort();
    if (mount.unified && !mount.options.empty()) std::abort();
    for (const auto& option : mount.options) {
      if (!option.empty() && !mount.Has(option)) std::abort();
    }
  }
  return 0;
}
