#pragma once

#include <sys/types.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "attestors/background_lookup.h"
#include "attestors/findings.h"
#include "surety/process.h"

namespace surety {

/// The loader variables of a process's initial environment: unix:env. Names only,
/// never values.
///
/// `env:unread` stands for an environment of more than 128 KiB, which is not read:
/// a definite answer, since it would be the same another time.
///
/// To read it the kernel takes the lock of the process's memory, which a process
/// and a helper of its own can hold for ever (by reading a page of a FUSE file
/// through /proc/PID/mem). So workers read it, and the answer holds for one address
/// space: it is kept under what the kernel itself remembers of that, its auxiliary
/// vector (proc_pid_auxv(5)), whose addresses every execve(2) draws anew. Where a
/// process has that switched off (personality(2)), a second run of the same
/// executable is told from the first within ten seconds, when every answer is
/// worked out anew.
///
/// Thread-safe.
class EnvironmentFacts {
 public:
  using Variables = std::vector<std::string_view>;
  using Lookup = BackgroundLookup<std::string, Variables>;

  explicit EnvironmentFacts(Lookup::Now now);

  /// `share` and `patience_end` as for ExeFacts. kPeerGone, and no other Error.
  Result<void> Add(const std::shared_ptr<const ProcessHandle>& process, uid_t share,
                   BootTime patience_end, Findings& findings);

  /// Drops the answer for what the process runs now, for `share`.
  void Forget(const ProcessHandle& process, uid_t share);

 private:
  Lookup lookup_;
};

}  // namespace surety
