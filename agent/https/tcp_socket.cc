#include "agent/https/tcp_socket.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>

namespace surety {
namespace {

bool SetOption(int fd, int level, int name, int value) {
  return ::setsockopt(fd, level, name, &value, sizeof value) == 0;
}

// bind(2) wants the generic address type; the others are made for this cast.
template <typename Address>
bool Bind(int fd, const Address& address) {
  return ::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
}

bool BindTo(int fd, const TcpAddress& address) {
  if (address.ipv6) {
    sockaddr_in6 to{};
    to.sin6_family = AF_INET6;
    to.sin6_port = htons(address.port);
    std::memcpy(&to.sin6_addr, address.host.data(), sizeof to.sin6_addr);
    return SetOption(fd, IPPROTO_IPV6, IPV6_V6ONLY, 0) && Bind(fd, to);
  }
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(address.port);
  std::memcpy(&to.sin_addr, address.host.data(), sizeof to.sin_addr);
  return Bind(fd, to);
}

std::string WhatToDo(int error) {
  switch (error) {
    case EADDRINUSE: return "; another program has this port: choose another";
    case EADDRNOTAVAIL: return "; this host has no such address: choose one that it has, or all";
    case EACCES: return "; ports below 1024 need a privilege: choose a higher one";
    case EAFNOSUPPORT:
      return "; systemd keeps the daemon from the network: add the drop-in of docs/operations.md";
    default: return {};
  }
}

}  // namespace

Result<UniqueFd> ListenOnTcp(const TcpAddress& address) {
  const int family = address.ipv6 ? AF_INET6 : AF_INET;
  UniqueFd fd(::socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (fd && SetOption(fd.get(), SOL_SOCKET, SO_REUSEADDR, 1) && BindTo(fd.get(), address) &&
      ::listen(fd.get(), SOMAXCONN) == 0)
    return fd;
  const int error = errno;
  return Error(ErrorCode::kUnavailable,
               "listening at " + address.Text() + ": " + std::strerror(error) + WhatToDo(error));
}

}  // namespace surety
