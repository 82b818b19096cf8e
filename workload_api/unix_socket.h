#pragma once

#include <sys/types.h>

#include <optional>
#include <string>

#include "surety/result.h"
#include "surety/unique_fd.h"

namespace surety {

struct SocketOptions {
  std::string path;  ///< Absolute; at most 107 bytes (unix(7)).
  mode_t mode = 0600;
  std::optional<uid_t> owner{};  ///< Absent: the daemon's own.
  std::optional<gid_t> group{};
  /// A socket that listens at this path already (systemd.socket(5)); not owned. -1: none.
  int passed = -1;
};

/// A listening Unix stream socket at a path. Removes the path when destroyed,
/// unless somebody else's socket is there by then, or it was passed to us.
class UnixSocket {
 public:
  /// Binds under a temporary name, sets owner and mode, listens, and moves it
  /// into place: nobody can connect before the permissions are right, and a
  /// restart leaves no moment without a socket. A socket left behind by a dead
  /// daemon is replaced; one that still answers is kAlreadyExists.
  ///
  /// The folder is made (0755) if its parent exists. It must belong to root or
  /// to us, and no other user may write to it: who can, could put a socket of
  /// their own in our place. kPermissionDenied otherwise.
  ///
  /// A passed socket is served as it is, and goes on listening when this one is
  /// destroyed. kInvalidArgument if it is not what the other options say.
  static Result<UnixSocket> Listen(const SocketOptions& options);

  UnixSocket(UnixSocket&& other) noexcept;
  UnixSocket& operator=(UnixSocket&&) = delete;
  ~UnixSocket();

  [[nodiscard]] int fd() const { return fd_.get(); }
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  static Result<UnixSocket> Bind(const SocketOptions& options);
  static Result<UnixSocket> Adopt(const SocketOptions& options);
  UnixSocket(UniqueFd fd, std::string path, std::optional<ino_t> inode)
      : fd_(std::move(fd)), path_(std::move(path)), inode_(inode) {}

  UniqueFd fd_;
  std::string path_;            // Empty once moved from.
  std::optional<ino_t> inode_;  // Not set: the path is not ours to remove.
};

}  // namespace surety
