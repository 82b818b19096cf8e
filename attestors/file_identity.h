#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>

#include "surety/clock.h"
#include "surety/result.h"

namespace surety {

/// Which file, in which state. Two looks that give equal identities saw the same
/// contents, provided that the first came when the file had settled.
struct FileIdentity {
  std::uint64_t device = 0;  ///< As makedev(3).
  std::uint64_t inode = 0;
  std::int64_t changed_ns = 0;   ///< ctime since the epoch; no workload can set it.
  std::int64_t modified_ns = 0;  ///< mtime since the epoch.
  std::uint64_t size = 0;        ///< Bytes.
  bool operator==(const FileIdentity&) const = default;

  [[nodiscard]] bool SameFile(const FileIdentity& other) const {
    return device == other.device && inode == other.inode;
  }

  /// Whether a change made from `now` on is sure to give another ctime. File
  /// systems stamp changes with a clock that ticks every few milliseconds, some
  /// every second: a file that was written, looked at and written again within
  /// one tick would keep its identity.
  [[nodiscard]] bool SettledBy(WallTime now) const;
};

/// What statx(2) says of an open file without asking a network or FUSE server.
struct FileFacts {
  FileIdentity identity;
  std::uint32_t links = 0;                ///< Names that the file has. 0: deleted.
  std::optional<std::uint64_t> mount_id;  ///< nullopt where the kernel does not tell.
};

enum class MountIdKind {
  kListed,  ///< As in /proc/PID/mountinfo. Given again after an unmount.
  kUnique,  ///< Never given again while the machine is up (kernel 6.8).
};

/// Does not block. kUnavailable if statx fails.
Result<FileFacts> LookAtFile(int fd, MountIdKind mount_id);

/// The same of what `name` leads to from `directory`, which must be one of the
/// kernel's own links (/proc/PID/exe). nullopt if statx fails, with errno set.
std::optional<FileFacts> LookAtLinked(int directory, const char* name, MountIdKind mount_id);

}  // namespace surety

template <>
struct std::hash<surety::FileIdentity> {
  std::size_t operator()(const surety::FileIdentity& file) const noexcept {
    constexpr std::uint64_t kSpread = 0x9E3779B97F4A7C15ULL;
    const auto mixed = (file.inode * kSpread ^ file.device) * kSpread ^
                       static_cast<std::uint64_t>(file.changed_ns);
    return std::hash<std::uint64_t>{}(mixed * kSpread);
  }
};
