#include <cstdint>
#include <cstdlib>
#include <string>

#include "attestors/proc_text.h"

// Whatever the name of a process, its start time stays where it is.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  [[maybe_unused]] const auto any = surety::ParseStartTicks(bytes);

  const std::string stat =
      "42 (" + bytes + ") S 1 42 42 0 -1 4194560 1 0 0 0 1 2 0 0 20 0 1 0 777 1000 200 1 1 1\n";
  const auto ticks = surety::ParseStartTicks(stat);
  if (!ticks || *ticks != 777) std::abort();
  return 0;
}
