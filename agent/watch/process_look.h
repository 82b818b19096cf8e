#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>

#include "agent/watch/pidfd_info.h"
#include "agent/watch/status_digest.h"
#include "surety/process.h"
#include "surety/watcher.h"

namespace surety {

/// How much of a process is looked at.
struct LookPlan {
  /// Also what only the process itself can change, although it has not run since.
  bool everything = true;
  /// Also what events would tell: the lines of /proc/PID/status.
  bool without_events = true;
  /// Also /proc/PID/cgroup: where the kernel's cgroup v2 id does not say it all.
  bool cgroup_text = true;
};

/// What was seen of a process at one time, to be compared with the next time.
///
/// Most of it can only be changed by the process itself, so nothing is read again
/// of one whose CPU time has stood still: a look at a sleeping process costs two
/// system calls. What others can change (its cgroup, and its tracer where no event
/// tells) is looked at each time.
///
/// Tells of the main thread: other threads may have ids and namespaces of their
/// own. What we may not read compares as empty, and what could not be read for want
/// of descriptors or memory stays as it was. One owner.
class ProcessLook {
 public:
  /// Everything that `plan` asks for, for the first time.
  ProcessLook(const ProcessHandle& process, LookPlan plan) { Again(process, plan); }

  /// Looks again, and takes what it finds for what is known from now on. The most
  /// important reason if anything differs.
  std::optional<WakeReason> Again(const ProcessHandle& process, LookPlan plan);

 private:
  std::optional<std::int64_t> cpu_time_;
  std::optional<PidfdInfo> info_;
  std::optional<std::string> cgroups_;
  std::string executable_;
  std::array<std::uint64_t, 10> namespaces_{};
  StatusDigest status_;
};

/// True if processes have other cgroups than the one of cgroup v2 (cgroups(7)).
bool HasOldCgroups();

/// The more important of two reasons: the one that WakeReason names first.
WakeReason Worse(WakeReason one, WakeReason other);

}  // namespace surety
