#pragma once

#include <cstdint>

#include "surety/result.h"
#include "surety/unique_fd.h"

namespace surety {

/// 127.0.0.1 or [::1], so that nobody beyond this host can connect.
struct LoopbackAddress {
  bool ipv6 = false;
  std::uint16_t port = 0;
};

/// A TCP socket that listens there.
Result<UniqueFd> ListenOnLoopback(const LoopbackAddress& address);

}  // namespace surety
