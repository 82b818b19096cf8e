#pragma once

#include <cstdint>

namespace surety {

/// Raises the soft limit on open files to the hard one (setrlimit(2)) and
/// returns it.
std::uint64_t RaiseOpenFileLimit();

/// How many connections that many descriptors carry: two each, and two for each
/// process, which for most hosts is one for every connection. A few hundred are
/// kept back for the daemon itself.
std::uint32_t ConnectionsFor(std::uint64_t open_files);

}  // namespace surety
