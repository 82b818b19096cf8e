#include <cstdint>
#include <cstdlib>
#include <string>

#include "attestors/proc_text.h"

// Whatever the name of a process, its parent, session and start time stay where they are.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  const auto start = surety::ParseStartTicks(bytes);
  const auto any = surety::ParseStat(bytes);
  if (any && (!start || any->start_ticks != *start || any->parent < 0)) std::abort();

  const std::string stat =
      "42 (" + bytes + ") S 1 40 41 0 -1 4194560 1 0 0 0 1 2 0 0 20 0 1 0 777 1000 200 1 1 1\n";
  const auto ticks = surety::ParseStartTicks(stat);
  if (!ticks || *ticks != 777) std::abort();
  const auto parts = surety::ParseStat(stat);
  if (!parts || *parts != surety::ProcessStat{bytes, 1, 41, 777}) std::abort();
  return 0;
}
