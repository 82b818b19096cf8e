#pragma once

#include <chrono>
#include <cstdint>
#include <stop_token>
#include <string>

#include "surety/clock.h"
#include "surety/result.h"

namespace surety {

/// SHA-256 of the first `size` bytes of an open file, as 64 lower-case hex
/// digits. Reads from offset 0 whatever the file's position. kDeadline when not
/// done by `deadline`, kUnavailable when stopped or when the file ends early,
/// kInternal when the library fails. May block in read(2) for longer than that:
/// for worker threads only.
Result<std::string> Sha256OfFile(int fd, std::uint64_t size, BootTime deadline,
                                 const std::stop_token& stop);

}  // namespace surety
