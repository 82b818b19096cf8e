#pragma once

#include <cstddef>

#include "surety/result.h"

namespace surety {

/// Gives OpenSSL a secure heap: memory that is locked (mlock(2)), left out of
/// core dumps, fenced by guard pages and wiped when freed. The private keys of
/// authorities live there, and those of new SVIDs while they are made. Call
/// once, at the start of main, before any key exists; later calls do nothing.
///
/// Success means locked. kUnavailable means that the heap works but may be
/// swapped out: the message says how to raise the limit (RLIMIT_MEMLOCK);
/// kInternal that there is no secure heap at all. Both leave keys wiped after
/// use, so the daemon may go on, degraded.
Result<void> LockKeyMemory();

/// Within the 64 KiB that every process may lock by default on older systems.
inline constexpr std::size_t kKeyMemorySize = 65'536;

}  // namespace surety
