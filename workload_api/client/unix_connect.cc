#include "workload_api/client/unix_connect.h"

#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <system_error>

namespace surety {
namespace {

Error Unreachable(const std::string& path, const std::string& why) {
  return {ErrorCode::kUnavailable, path + ": " + why};
}

std::string WhatIsWrong(int error, std::string_view server) {
  const std::string running = " (is " + std::string(server) + " running?)";
  switch (error) {
    case ENOENT: return "no such socket" + running;
    case ECONNREFUSED: return "nobody listens on this socket" + running;
    case EACCES:
    case EPERM:
      return "this user may not connect; see the mode and owner of the socket and of its folder";
    case EAGAIN: return std::string(server) + " takes no further connection now";
    default: return std::generic_category().message(error);
  }
}

timeval ToTimeval(std::chrono::milliseconds timeout) {
  // To the kernel a zero timeout is none at all.
  const auto bounded = std::max(timeout, std::chrono::milliseconds(1));
  const auto seconds = std::chrono::floor<std::chrono::seconds>(bounded);
  timeval out{};
  out.tv_sec = seconds.count();
  out.tv_usec = std::chrono::microseconds(bounded - seconds).count();
  return out;
}

}  // namespace

Result<UniqueFd> ConnectUnixSocket(const std::string& path, std::string_view server,
                                   std::chrono::milliseconds timeout) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof(address.sun_path))
    return Unreachable(path, "a socket's path has at most " +
                                 std::to_string(sizeof(address.sun_path) - 1) + " bytes");
  std::memcpy(address.sun_path, path.data(), path.size());

  UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!fd) return Unreachable(path, "cannot make a socket: " + WhatIsWrong(errno, server));
  const timeval wait = ToTimeval(timeout);
  if (::setsockopt(fd.get(), SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof(wait)) != 0)
    return Unreachable(path, "cannot limit the wait: " + WhatIsWrong(errno, server));
  if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0)
    return Unreachable(path, WhatIsWrong(errno, server));
  return fd;
}

}  // namespace surety
