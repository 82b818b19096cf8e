#include "agent/metrics/loopback_socket.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>
#include <string>

namespace surety {
namespace {

// bind(2) wants the generic address type; the others are made for this cast.
template <typename Address>
int Bind(int fd, const Address& address) {
  return ::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address);
}

int BindTo(int fd, const LoopbackAddress& address) {
  if (address.ipv6) {
    sockaddr_in6 to{};
    to.sin6_family = AF_INET6;
    to.sin6_port = htons(address.port);
    to.sin6_addr = in6addr_loopback;
    return Bind(fd, to);
  }
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(address.port);
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return Bind(fd, to);
}

}  // namespace

Result<UniqueFd> ListenOnLoopback(const LoopbackAddress& address) {
  const std::string name = (address.ipv6 ? "[::1]:" : "127.0.0.1:") + std::to_string(address.port);
  const int family = address.ipv6 ? AF_INET6 : AF_INET;
  UniqueFd fd(::socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  const int on = 1;
  const bool listening = fd &&
                         ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0 &&
                         BindTo(fd.get(), address) == 0 && ::listen(fd.get(), SOMAXCONN) == 0;
  if (listening) return fd;
  return Error(ErrorCode::kUnavailable,
               "listening at " + name + ": " + std::strerror(errno) +
                   (errno == EADDRINUSE ? "; another program has this port: choose another" : ""));
}

}  // namespace surety
