#include <cstdint>
#include <cstdlib>
#include <string>

#include "attestors/proc_text.h"

namespace {

std::string Print(const surety::ProcessStatus& status) {
  std::string groups;
  for (const auto gid : status.groups) groups += std::to_string(gid) + " ";
  constexpr std::string_view kHex = "0123456789abcdef";
  std::string caps;
  for (unsigned shift = 64; shift > 0; shift -= 4)
    caps += kHex[(status.cap_effective >> (shift - 4)) & 0xfU];
  return "TracerPid:\t" + std::to_string(status.tracer) + "\nUid:\t" +
         std::to_string(status.real_uid) + "\t" + std::to_string(status.uid) + "\t0\t0\nGid:\t0\t" +
         std::to_string(status.gid) + "\t0\t0\nGroups:\t" + groups + "\nCapEff:\t" + caps +
         "\nNoNewPrivs:\t" + (status.no_new_privs ? "1" : "0") + "\n";
}

}  // namespace

// What is read can be written as the kernel writes it and is read as the same.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto status = surety::ParseStatus({reinterpret_cast<const char*>(data), size});
  if (!status) return 0;
  const auto again = surety::ParseStatus(Print(*status));
  if (!again || *again != *status) std::abort();
  return 0;
}
