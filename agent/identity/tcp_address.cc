#include "agent/identity/tcp_address.h"

#include <arpa/inet.h>
#include <sys/socket.h>

#include <charconv>

namespace surety {
namespace {

Error NotAnAddress(const std::string& why) {
  return {ErrorCode::kInvalidArgument, "not an address and a port: " + why};
}

}  // namespace

Result<TcpAddress> TcpAddress::Parse(std::string_view text) {
  TcpAddress out;
  out.ipv6 = text.starts_with('[');
  const std::string_view between = out.ipv6 ? "]:" : ":";
  const std::size_t end = text.find(between);
  if (end == std::string_view::npos) return NotAnAddress("there is no port");
  const std::string host(text.substr(out.ipv6 ? 1 : 0, end - (out.ipv6 ? 1 : 0)));
  if (::inet_pton(out.ipv6 ? AF_INET6 : AF_INET, host.c_str(), out.host.data()) != 1)
    return NotAnAddress("\"" + host + "\" is no IP address");
  const std::string_view port = text.substr(end + between.size());
  const auto [stop, failed] = std::from_chars(port.data(), port.data() + port.size(), out.port);
  if (failed != std::errc{} || stop != port.data() + port.size() || out.port == 0)
    return NotAnAddress("the port is not a number from 1 to 65535");
  return out;
}

std::string TcpAddress::Text() const {
  std::array<char, INET6_ADDRSTRLEN> text{};
  ::inet_ntop(ipv6 ? AF_INET6 : AF_INET, host.data(), text.data(), text.size());
  const std::string written(text.data());
  return (ipv6 ? "[" + written + "]" : written) + ":" + std::to_string(port);
}

}  // namespace surety
