#include "attestors/systemd_relay.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

namespace surety {
namespace {

// Less than the buffer of a pair of sockets, so that it fits into an empty one.
using Buffer = std::array<char, 16UL * 1024>;

Error Unavailable(const std::string& what, int error) {
  return {ErrorCode::kUnavailable, what + ": " + std::strerror(error)};
}

Result<UniqueFd> ConnectTo(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path)
    return Error(ErrorCode::kInvalidArgument, "the path of the bus is too long: " + path);
  path.copy(address.sun_path, path.size());
  UniqueFd out(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!out) return Unavailable("making a socket", errno);
  if (::connect(out.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    return Unavailable("connecting to the bus at " + path, errno);
  return out;
}

Result<void> CheckIsRoots(int socket, const std::string& path) {
  ucred server{};
  socklen_t size = sizeof server;
  if (::getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &server, &size) != 0)
    return Unavailable("asking who serves the bus", errno);
  if (server.uid == 0) return {};
  return Error(ErrorCode::kPermissionDenied,
               "the bus at " + path + " is of uid " + std::to_string(server.uid) +
                   " and not root's, so what it says of units is not believed");
}

bool IsForLater(int error) { return error == EAGAIN || error == EINTR; }

}  // namespace

Result<SystemdRelay> SystemdRelay::Connect(const std::string& socket, std::size_t most_bytes) {
  auto bus = ConnectTo(socket);
  if (!bus) return bus.error();
  if (auto roots = CheckIsRoots(bus->get(), socket); !roots) return roots.error();
  std::array<int, 2> pair{};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair.data()) != 0)
    return Unavailable("making a pair of sockets", errno);
  return SystemdRelay(*std::move(bus), UniqueFd(pair[0]), UniqueFd(pair[1]), most_bytes);
}

Result<void> SystemdRelay::Turn(std::chrono::milliseconds patience) {
  std::array<pollfd, 2> polled{{{bus_.get(), POLLIN, 0}, {inner_.get(), POLLIN, 0}}};
  if (::poll(polled.data(), polled.size(), static_cast<int>(patience.count())) <= 0) return {};
  if (polled[1].revents != 0) {
    if (auto passed = FromLibrary(); !passed) return passed;
  }
  return polled[0].revents != 0 ? FromBus() : Result<void>();
}

Result<void> SystemdRelay::FromBus() {
  Buffer buffer;
  const ssize_t got = ::recv(bus_.get(), buffer.data(), buffer.size(), 0);
  if (got < 0 && IsForLater(errno)) return {};
  if (got < 0) return Unavailable("reading from the bus", errno);
  if (got == 0) return Error(ErrorCode::kUnavailable, "the bus closed the connection");
  const auto size = static_cast<std::size_t>(got);
  if (size > left_)
    return Error(ErrorCode::kResourceExhausted, "the bus said more than an answer can be long");
  left_ -= size;
  if (::send(inner_.get(), buffer.data(), size, MSG_NOSIGNAL) != got)
    return Error(ErrorCode::kInternal, "what the bus said could not be passed on");
  return {};
}

Result<void> SystemdRelay::FromLibrary() {
  Buffer buffer;
  const ssize_t got = ::recv(inner_.get(), buffer.data(), buffer.size(), 0);
  if (got < 0 && IsForLater(errno)) return {};
  if (got <= 0) return Error(ErrorCode::kUnavailable, "libsystemd closed the connection");
  if (::send(bus_.get(), buffer.data(), static_cast<std::size_t>(got), MSG_NOSIGNAL) != got)
    return Error(ErrorCode::kUnavailable, "the bus does not read what is asked");
  return {};
}

}  // namespace surety
