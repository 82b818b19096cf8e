#include "agent/open_files.h"

#include <sys/resource.h>

#include <algorithm>
#include <limits>

namespace surety {
namespace {

// For the daemon itself, and for connections that the listener has not looked at yet.
constexpr std::uint64_t kKeptBack = 512 + 1024;
// A connection holds two descriptors and a process two. Counting three for each
// connection bets that processes have two on average; where they have one, the
// listener answers the lack of descriptors by refusing connections.
constexpr std::uint64_t kPerConnection = 3;

}  // namespace

std::uint64_t RaiseOpenFileLimit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return kKeptBack;
  limit.rlim_cur = limit.rlim_max;
  if (::setrlimit(RLIMIT_NOFILE, &limit) != 0) ::getrlimit(RLIMIT_NOFILE, &limit);
  return limit.rlim_cur;
}

std::uint32_t ConnectionsFor(std::uint64_t open_files) {
  const std::uint64_t free = open_files > 2 * kKeptBack ? open_files - kKeptBack : open_files / 2;
  const std::uint64_t room = std::max<std::uint64_t>(1, free / kPerConnection);
  return static_cast<std::uint32_t>(
      std::min<std::uint64_t>(room, std::numeric_limits<std::uint32_t>::max()));
}

}  // namespace surety
