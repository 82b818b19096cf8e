#include "attestors/engine_socket.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstring>

namespace surety {
namespace {

Error AnotherUsers(const EngineSocket& socket, const char* what, uid_t uid) {
  return {ErrorCode::kPermissionDenied, socket.path + ": " + what + " uid " + std::to_string(uid) +
                                            ", not to uid " + std::to_string(socket.uid) +
                                            ", so that it is not believed"};
}

}  // namespace

Error EngineSocketError(const EngineSocket& socket, const char* what, int error) {
  const bool forbidden = error == EACCES || error == EPERM;
  const bool missing = error == ENOENT || error == ECONNREFUSED;
  return {forbidden ? ErrorCode::kPermissionDenied : ErrorCode::kUnavailable,
          std::string(what) + " " + socket.path + ": " + std::strerror(error) +
              (forbidden ? " (let suretyd's user connect to it)" : "") +
              (missing ? " (is the engine running?)" : "")};
}

Result<UniqueFd> OpenEngineSocket(const EngineSocket& socket) {
  UniqueFd file(::open(socket.path.c_str(), O_PATH | O_CLOEXEC));
  if (!file) return EngineSocketError(socket, "opening", errno);
  struct stat seen {};
  if (::fstat(file.get(), &seen) != 0) return EngineSocketError(socket, "looking at", errno);
  if (!S_ISSOCK(seen.st_mode))
    return Error(ErrorCode::kUnavailable, socket.path + " is not a socket");
  if (seen.st_uid != socket.uid) return AnotherUsers(socket, "the socket belongs to", seen.st_uid);
  return file;
}

Result<void> CheckListener(const EngineSocket& socket, int connection) {
  ucred listener{};
  socklen_t size = sizeof(listener);
  if (::getsockopt(connection, SOL_SOCKET, SO_PEERCRED, &listener, &size) != 0)
    return EngineSocketError(socket, "asking who listens on", errno);
  if (listener.uid != socket.uid)
    return AnotherUsers(socket, "the process that listens belongs to", listener.uid);
  return {};
}

}  // namespace surety
