#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "surety/result.h"

namespace surety {

/// An IP address of this host and a port, to listen on.
struct TcpAddress {
  bool ipv6 = false;
  std::array<std::uint8_t, 16> host{};  ///< In the order of the network; of IPv4 the first four.
  std::uint16_t port = 0;               ///< In that of the host.

  /// Reads "0.0.0.0:8443" or "[::]:8443". kInvalidArgument for any other form, names of hosts
  /// among them, and for port 0.
  static Result<TcpAddress> Parse(std::string_view text);
  /// As it is written.
  [[nodiscard]] std::string Text() const;
};

}  // namespace surety
