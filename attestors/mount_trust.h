#pragma once

#include <cstdint>
#include <mutex>
#include <optional>
#include <unordered_set>

#include "attestors/host_view.h"
#include "surety/process.h"
#include "surety/result.h"

namespace surety {

/// Says whether the files of a mount hold still: whether two readers of one
/// unchanged file get the same bytes. They need not on a FUSE file system, whose
/// server is any user's program, nor on an overlay laid over one inside of a
/// user's own namespaces. So a mount is trusted if its type is not FUSE, and if
/// it was put in place with power over the host: it is in the host's mount
/// namespace, or in that of a process of the host's user namespace.
///
/// Reads mount tables and asks no file system, so it never hangs. Remembers
/// mounts that the kernel names uniquely (kernel 6.8). Thread-safe.
class MountTrust {
 public:
  explicit MountTrust(const HostView& host) : host_(host) {}

  /// `exe` is an O_PATH descriptor of a file that `process` runs, `unique_mount`
  /// its MountIdKind::kUnique if known, `on_host` whether the process is in the
  /// host's user namespace. Errors: kPeerGone, kUnavailable, kPermissionDenied.
  Result<bool> Trusts(const ProcessHandle& process, int exe,
                      std::optional<std::uint64_t> unique_mount, bool on_host);

 private:
  [[nodiscard]] Result<bool> LookUp(const ProcessHandle& process, int exe, bool on_host) const;

  const HostView& host_;
  std::mutex mutex_;
  std::unordered_set<std::uint64_t> trusted_;  // By mutex_.
};

}  // namespace surety
