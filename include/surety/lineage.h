#pragma once

#include <sys/types.h>

#include <string>
#include <string_view>
#include <vector>

#include "surety/peer.h"
#include "surety/process.h"
#include "surety/result.h"

namespace surety {

/// What sort of group a lineage is, in the order in which they are looked for.
enum class LineageKind {
  kContainer,  ///< "container:<id>", from a cgroup path that only root can make.
  kUnit,       ///< "unit:<cgroup path>": a systemd service or scope.
  kCgroup,     ///< "cgroup:<cgroup path>": another cgroup than the root one.
  kLogin,      ///< "login:<audit session>" (pam_loginuid(8)).
  kAncestor,   ///< "process:<pid>.<start ticks>": the topmost ancestor of its own.
};

std::string_view NameOf(LineageKind kind);

/// One process above another.
struct Ancestor {
  ProcessKey key;
  uid_t uid = 0;     ///< Real.
  std::string name;  ///< /proc/PID/comm, which the process may choose; for people only.
  bool operator==(const Ancestor&) const = default;
};

/// The group of processes that answers for what any of them does: limits and
/// quarantine belong to it, so that forking, setsid(2), another parent or a new
/// connection wash nothing off.
struct Lineage {
  /// Names it: "container:4f5c…". Logins and processes mean something within one
  /// boot only; whoever stores one stores the boot id with it.
  std::string id;
  LineageKind kind = LineageKind::kAncestor;
  std::vector<Ancestor> ancestors;  ///< The parent first; at most 16.
  bool operator==(const Lineage&) const = default;
};

/// Tells what a process belongs to now. Thread-safe; never waits for anything
/// that a workload controls. Linux: attestors/lineage_reader.h.
class LineageReader {
 public:
  virtual ~LineageReader() = default;

  /// What the process belongs to at this moment, told from the kernel's facts
  /// alone. kPeerGone if it has exited; any other error: could not tell.
  virtual Result<Lineage> Read(const ProcessHandle& process) const = 0;
};

}  // namespace surety
