#pragma once

#include <cstdint>
#include <string_view>

#include "surety/result.h"

namespace surety {

/// What this process uses of the machine (proc(5)).
struct ProcessUsage {
  double cpu_seconds = 0;
  std::uint64_t resident_bytes = 0;
  std::uint64_t threads = 0;
  std::uint64_t open_fds = 0;
  std::uint64_t most_fds = 0;
};

Result<ProcessUsage> ReadProcessUsage();

}  // namespace surety
