#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "surety/process.h"

namespace surety {

/// A process as a link of a chain of parents.
struct Link {
  ProcessKey key;
  pid_t parent = 0;                    ///< Real parent (not a tracer).
  pid_t session = 0;                   ///< Kernel session (setsid(2)): its leader's pid.
  uid_t uid = 0;                       ///< Real.
  std::optional<std::uint32_t> login;  ///< Audit session (/proc/PID/sessionid).
  std::string name;                    ///< /proc/PID/comm.
  bool operator==(const Link&) const = default;
};

/// How many links of a chain are a process's own: the process itself, which is
/// `chain.front()`, and those above it that answer for it, each the parent of the
/// one before. The chain ends below PID 1, whatever cannot be seen, and whatever
/// is above the daemon itself: what started both the daemon and the workload is a
/// service manager or an operator. Not empty; the result is at least 1.
///
/// Limits and quarantine hit all who share a topmost ancestor. Too high a one, and
/// an attacker takes strangers down with him; too low a one, and he washes things
/// off by starting anew. So:
///
///   - All up to the highest process without root's real uid are its own. A root
///     process in between (sudo(8), pkexec(1)) got there through somebody without
///     privileges, and answers for him.
///   - Above that all are root. One that leads the kernel session of the process
///     below it is a login shell or a monitor of that session, and its own; the
///     first that does not is a supervisor (a runtime, a cron daemon, a test
///     harness) that may have started strangers as well, and ends it.
///
/// Pure.
std::size_t CountOwn(const std::vector<Link>& chain);

/// The audit session of a process, if root put it there. Anyone who is in none can
/// begin one for himself (writing to /proc/self/loginuid needs no privilege as
/// long as it is not set), as often as he forks; so one counts only if the highest
/// process of the chain that is in it, without a gap, has root's real uid: a login
/// program, sshd(8), cron(8). Where that has exited the session cannot be told from
/// a made-up one. Pure.
std::optional<std::uint32_t> FindLogin(const std::vector<Link>& chain);

}  // namespace surety
