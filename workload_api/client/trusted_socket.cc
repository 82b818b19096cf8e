#include "workload_api/client/trusted_socket.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "workload_api/client/unix_connect.h"

namespace surety {
namespace {

bool IsTrusted(uid_t uid) { return uid == 0 || uid == ::geteuid(); }

Error Untrusted(const std::string& path, const std::string& why) {
  return {ErrorCode::kPermissionDenied, path + ": " + why};
}

std::string Owner(uid_t uid) {
  return "belongs to uid " + std::to_string(uid) + ", who is neither root nor the daemon's user";
}

Result<void> CheckSocket(const std::string& path, std::string_view server) {
  struct stat status {};
  // What is not there is told by connect(2).
  if (::stat(path.c_str(), &status) != 0) return {};
  if (!S_ISSOCK(status.st_mode)) return Untrusted(path, "is not a socket");
  if (!IsTrusted(status.st_uid))
    return Untrusted(
        path, Owner(status.st_uid) + ": chown root it, or run " + std::string(server) + " as root");
  if ((status.st_mode & S_IWOTH) != 0)
    return Untrusted(path, "everybody can connect: chmod o-w it");
  return {};
}

Result<void> CheckFolder(const std::string& path) {
  const std::string folder = std::filesystem::path(path).parent_path();
  struct stat status {};
  if (::stat(folder.c_str(), &status) != 0) return {};
  if (!IsTrusted(status.st_uid)) return Untrusted(folder, Owner(status.st_uid) + ": chown root it");
  if ((status.st_mode & (S_IWGRP | S_IWOTH)) != 0)
    return Untrusted(folder, "others than its owner could replace the socket: chmod go-w it");
  return {};
}

// The path was judged by name, the process by the connection itself.
Result<void> CheckListener(const std::string& path, const UniqueFd& socket) {
  ucred listener{};
  socklen_t size = sizeof listener;
  if (::getsockopt(socket.get(), SOL_SOCKET, SO_PEERCRED, &listener, &size) != 0)
    return Untrusted(path, std::string("cannot tell who listens: ") + std::strerror(errno));
  if (IsTrusted(listener.uid)) return {};
  return Untrusted(path, "the process that listens, " + std::to_string(listener.pid) + ", " +
                             Owner(listener.uid));
}

}  // namespace

Result<UniqueFd> ConnectTrusted(const std::string& path, std::string_view server,
                                std::chrono::milliseconds timeout) {
  if (auto fine = CheckFolder(path); !fine) return fine.error();
  if (auto fine = CheckSocket(path, server); !fine) return fine.error();
  auto socket = ConnectUnixSocket(path, server, timeout);
  if (!socket) return socket.error();
  if (auto fine = CheckListener(path, *socket); !fine) return fine.error();
  return socket;
}

}  // namespace surety
