#include <cstdint>
#include <cstdlib>
#include <string>

#include "attestors/proc_text.h"

// A type is one word of the text, and a namespace link gives one number.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  for (const std::uint64_t id : {1U, 22U, 30U}) {
    const auto type = surety::FindMountType(text, id);
    if (!type || !*type) continue;
    if ((*type)->empty() || (*type)->find_first_of(" \t\n") != std::string::npos) std::abort();
    if (text.find(**type) == std::string::npos) std::abort();
  }
  const auto inode = surety::ParseNamespaceLink(text, "mnt");
  if (inode) {
    const auto again = surety::ParseNamespaceLink("mnt:[" + std::to_string(*inode) + "]", "mnt");
    if (!again || *again != *inode) std::abort();
  }
  return 0;
}
