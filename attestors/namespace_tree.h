#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string_view>

#include "surety/process.h"
#include "surety/result.h"
#include "surety/unique_fd.h"

namespace surety {

/// A process whose namespaces can be held.
class NamespacedProcess {
 public:
  virtual ~NamespacedProcess() = default;
  /// A descriptor of the namespace /proc/PID/<name>, such as "ns/user".
  [[nodiscard]] virtual Result<UniqueFd> OpenNamespace(std::string_view name) const = 0;
};

/// Where a process's namespaces stand among others of their kind (ioctl_ns(2)). Unlike
/// the links under /proc/PID/ns these tell what is inside of what, which nobody can
/// forge: a namespace is made below its maker's and stays there.
///
/// Errors: kPeerGone; kUnavailable and others: could not look, as at a handle that is
/// no NamespacedProcess.

/// Whether the process's pid namespace is `above` (its inode), or was made inside of it.
Result<bool> IsInPidNamespace(const ProcessHandle& process, std::uint64_t above);

/// The effective uid, when he made it, of who made the process's user namespace or, if
/// that lies in others, the outermost of these; nullopt if the process is in `host`
/// (its inode), the daemon's own.
Result<std::optional<uid_t>> UserNamespaceMaker(const ProcessHandle& process, std::uint64_t host);

}  // namespace surety
