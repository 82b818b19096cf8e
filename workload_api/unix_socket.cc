#include "workload_api/unix_socket.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <string_view>

namespace surety {
namespace {

Error Failed(std::string_view what, const std::string& path) {
  const ErrorCode code =
      errno == EACCES || errno == EPERM ? ErrorCode::kPermissionDenied : ErrorCode::kUnavailable;
  return {code, std::string(what) + " " + path + ": " + std::strerror(errno)};
}

Result<sockaddr_un> AddressOf(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.empty() || path.front() != '/')
    return Error(ErrorCode::kInvalidArgument, "socket path \"" + path + "\" is not absolute");
  if (path.size() >= sizeof address.sun_path)
    return Error(ErrorCode::kInvalidArgument,
                 "socket path " + path + " has " + std::to_string(path.size()) +
                     " bytes; the kernel takes " + std::to_string(sizeof address.sun_path - 1) +
                     ": choose a shorter one");
  std::memcpy(&address.sun_path[0], path.c_str(), path.size());
  return address;
}

Result<void> CheckFolder(const std::string& folder) {
  if (::mkdir(folder.c_str(), 0755) == 0) {
    // umask may have taken bits away that workloads need to reach the socket.
    if (::chmod(folder.c_str(), 0755) != 0) return Failed("setting the mode of", folder);
  } else if (errno != EEXIST) {
    return Failed("making the socket's folder", folder);
  }
  struct stat status {};
  if (::lstat(folder.c_str(), &status) != 0) return Failed("looking at", folder);
  if (!S_ISDIR(status.st_mode))
    return Error(ErrorCode::kPermissionDenied, folder + " is not a folder");
  if (status.st_uid != 0 && status.st_uid != ::geteuid())
    return Error(ErrorCode::kPermissionDenied,
                 folder + " belongs to uid " + std::to_string(status.st_uid) +
                     ", who could replace the socket: give it to root (chown root) or choose "
                     "another folder");
  if ((status.st_mode & (S_IWGRP | S_IWOTH)) != 0)
    return Error(ErrorCode::kPermissionDenied,
                 folder +
                     " can be written by others than its owner, who could replace the "
                     "socket: chmod go-w it or choose another folder");
  return {};
}

// What lies at the path may be replaced only if it is a socket nobody serves.
Result<void> CheckInTheWay(const sockaddr_un& address, const std::string& path) {
  struct stat status {};
  if (::lstat(path.c_str(), &status) != 0)
    return errno == ENOENT ? Result<void>() : Result<void>(Failed("looking at", path));
  if (!S_ISSOCK(status.st_mode))
    return Error(ErrorCode::kAlreadyExists,
                 path + " is there and is not a socket: move it away or choose another path");
  const UniqueFd probe(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!probe) return Failed("making a socket for", path);
  // connect(2) wants the generic address type; sockaddr_un is made for this cast.
  if (::connect(probe.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 ||
      errno == EAGAIN)
    return Error(ErrorCode::kAlreadyExists,
                 path + " is being served by another process: stop that one first");
  return {};
}

Result<ino_t> SetOwnerAndMode(const SocketOptions& options, const std::string& path) {
  const uid_t owner = options.owner.value_or(static_cast<uid_t>(-1));
  const gid_t group = options.group.value_or(static_cast<gid_t>(-1));
  if ((options.owner || options.group) && ::lchown(path.c_str(), owner, group) != 0)
    return Failed("setting the owner of", options.path);
  if (::chmod(path.c_str(), options.mode) != 0) return Failed("setting the mode of", options.path);
  struct stat status {};
  if (::lstat(path.c_str(), &status) != 0) return Failed("looking at", path);
  return status.st_ino;
}

std::optional<int> OptionOf(int fd, int name) {
  int value = 0;
  socklen_t size = sizeof value;
  if (::getsockopt(fd, SOL_SOCKET, name, &value, &size) != 0) return std::nullopt;
  return value;
}

// As the kernel knows it; empty for one that has no path.
std::string PathOf(int fd) {
  sockaddr_un address{};
  socklen_t size = sizeof address;
  if (::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) != 0) return {};
  constexpr auto kPathAt = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path));
  if (size <= kPathAt) return {};
  const std::string_view path(
      &address.sun_path[0],
      std::min(size - kPathAt, static_cast<socklen_t>(sizeof address.sun_path)));
  return std::string(path.substr(0, path.find('\0')));
}

std::string Octal(mode_t mode) {
  std::string text = "0000";
  for (auto digit = text.rbegin(); digit != text.rend(); ++digit, mode >>= 3U)
    *digit = static_cast<char>('0' + (mode & 7U));
  return text;
}

Error Mismatch(const SocketOptions& options, const std::string& why) {
  return {ErrorCode::kInvalidArgument,
          "the socket that systemd passed for " + options.path + ' ' + why};
}

Result<void> CheckPassed(const SocketOptions& options) {
  if (OptionOf(options.passed, SO_DOMAIN) != AF_UNIX ||
      OptionOf(options.passed, SO_TYPE) != SOCK_STREAM)
    return Mismatch(options, "is no Unix stream socket: name its path in ListenStream=");
  if (OptionOf(options.passed, SO_ACCEPTCONN) != 1)
    return Mismatch(options, "does not listen: set Accept=no in its unit");
  if (const std::string path = PathOf(options.passed); path != options.path)
    return Mismatch(options, "listens at \"" + path +
                                 "\": make ListenStream= of its unit and the configuration agree");
  return {};
}

// Who may connect is decided by the unit; what the configuration says must not be less.
Result<void> CheckAccess(const SocketOptions& options) {
  struct stat status {};
  if (::lstat(options.path.c_str(), &status) != 0) return Failed("looking at", options.path);
  if ((status.st_mode & 07777) != options.mode)
    return Mismatch(options, "has mode " + Octal(status.st_mode & 07777) + " and not " +
                                 Octal(options.mode) +
                                 ": make SocketMode= of its unit and the configuration agree");
  if (status.st_uid != options.owner.value_or(status.st_uid) ||
      status.st_gid != options.group.value_or(status.st_gid))
    return Mismatch(options,
                    "has another owner or group than configured: set SocketUser= and "
                    "SocketGroup= of its unit");
  return {};
}

}  // namespace

Result<UnixSocket> UnixSocket::Listen(const SocketOptions& options) {
  return options.passed < 0 ? Bind(options) : Adopt(options);
}

Result<UnixSocket> UnixSocket::Adopt(const SocketOptions& options) {
  if (auto fine = CheckPassed(options); !fine) return fine.error();
  if (auto fine = CheckFolder(std::filesystem::path(options.path).parent_path()); !fine)
    return fine.error();
  if (auto fine = CheckAccess(options); !fine) return fine.error();
  UniqueFd fd(::fcntl(options.passed, F_DUPFD_CLOEXEC, 0));
  // systemd passes sockets that block.
  if (!fd || ::fcntl(fd.get(), F_SETFL, O_NONBLOCK) != 0)
    return Failed("taking the passed socket for", options.path);
  return UnixSocket(std::move(fd), options.path, std::nullopt);
}

Result<UnixSocket> UnixSocket::Bind(const SocketOptions& options) {
  const auto final_address = AddressOf(options.path);
  if (!final_address) return final_address.error();
  const std::filesystem::path path(options.path);
  if (auto folder = CheckFolder(path.parent_path()); !folder) return folder.error();
  if (auto clear = CheckInTheWay(*final_address, options.path); !clear) return clear.error();

  // Short, so that every path that fits in sun_path still fits with it.
  const std::string temporary = path.parent_path() / ("." + std::to_string(::getpid() % 1000));
  const auto address = AddressOf(temporary);
  if (!address) return address.error();
  ::unlink(temporary.c_str());

  UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd) return Failed("making a socket for", options.path);
  if (::bind(fd.get(), reinterpret_cast<const sockaddr*>(&*address), sizeof *address) != 0)
    return Failed("binding", options.path);
  auto inode = SetOwnerAndMode(options, temporary);
  const bool listening = inode && ::listen(fd.get(), SOMAXCONN) == 0;
  if (!listening || ::rename(temporary.c_str(), options.path.c_str()) != 0) {
    const Error error = inode ? Failed("listening at", options.path) : inode.error();
    ::unlink(temporary.c_str());
    return error;
  }
  return UnixSocket(std::move(fd), options.path, *inode);
}

UnixSocket::UnixSocket(UnixSocket&& other) noexcept
    : fd_(std::move(other.fd_)), path_(std::exchange(other.path_, {})), inode_(other.inode_) {}

UnixSocket::~UnixSocket() {
  struct stat status {};
  if (!path_.empty() && inode_ && ::lstat(path_.c_str(), &status) == 0 && status.st_ino == *inode_)
    ::unlink(path_.c_str());
}

}  // namespace surety
