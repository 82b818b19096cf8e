#pragma once

#include <sys/types.h>

#include <compare>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "surety/result.h"
#include "surety/unique_fd.h"

namespace surety {

/// Names one process for as long as the machine is up, across all of its
/// connections: a reused pid has another start time. What is stored beyond this
/// boot adds the boot id (/proc/sys/kernel/random/boot_id).
struct ProcessKey {
  pid_t pid = 0;
  std::uint64_t start_ticks = 0;  ///< Field 22 of /proc/PID/stat, clock ticks since boot (proc(5)).
  auto operator<=>(const ProcessKey&) const = default;
};

/// One process, pinned by pidfd, so that a reused pid can never be read in its
/// place. All that an attestor may learn of a process comes through here.
///
/// Every read answers for the pinned process or fails with kPeerGone; it never
/// answers for a later process of the same pid. A process can still change
/// between two reads, so callers ask IsAlive() after the last one. While its first thread
/// has ended and others go on, some reads are kUnavailable.
///
/// Thread-safe. Linux: attestors/linux_process.h. Tests: tests/fakes/fake_process.h.
class ProcessHandle {
 public:
  virtual ~ProcessHandle() = default;
  [[nodiscard]] virtual ProcessKey key() const = 0;

  /// Readable (poll) once the process has exited. Borrowed; -1 for a fake.
  [[nodiscard]] virtual int pidfd() const = 0;

  /// Contents of /proc/PID/<name>, whole: kResourceExhausted above `max_bytes`,
  /// kNotFound if there is no such file, kPermissionDenied if we may not read it.
  virtual Result<std::string> ReadFile(std::string_view name, std::size_t max_bytes) const = 0;

  /// Target of the link /proc/PID/<name>, such as "exe" or "ns/mnt". Never
  /// touches the file that the link names.
  virtual Result<std::string> ReadLink(std::string_view name) const = 0;

  /// An O_PATH descriptor of the running executable, from /proc/PID/exe: the
  /// file that is mapped, also when its name is gone. Reads nothing, so it does
  /// not hang on a file system that does not answer.
  virtual Result<UniqueFd> OpenExecutable() const = 0;

  /// The cgroup v2 id (PIDFD_GET_INFO, kernel 6.13). kNotFound where the kernel
  /// does not tell.
  virtual Result<std::uint64_t> CgroupId() const = 0;

  /// A read-only descriptor that stays bound to the program which the process runs
  /// now, so that a later exec(3) shows in it: agent/watch/exec_probe.h says how it
  /// is read. kNotFound where there is none, kPermissionDenied without CAP_SYS_PTRACE
  /// for processes of other users.
  virtual Result<UniqueFd> OpenExecProbe() const {
    return Error(ErrorCode::kNotFound, "this handle has no exec probe");
  }

  /// False once the process has exited, reaped or not.
  [[nodiscard]] virtual bool IsAlive() const = 0;

  /// Whether its first thread has begun to exit. From then on the kernel tells less of
  /// the process, and some of it wrongly: hierarchies of cgroup version 1 show it in their
  /// root. False where it cannot be told.
  [[nodiscard]] virtual bool IsExiting() const { return false; }
};

/// Makes handles. Thread-safe. Handles of one process are shared while any is
/// in use, so that a thousand connections of it cost the descriptors of one.
class ProcessOpener {
 public:
  virtual ~ProcessOpener() = default;

  /// Takes the pidfd that the kernel gave for this very process (SO_PEERPIDFD).
  /// kPeerGone if it has exited.
  virtual Result<std::shared_ptr<const ProcessHandle>> Open(pid_t pid, UniqueFd pidfd) = 0;

  /// Names a process by pid alone (pidfd_open(2)), for operators' tools and for
  /// kernels without SO_PEERPIDFD. kPeerGone if there is none.
  virtual Result<std::shared_ptr<const ProcessHandle>> OpenByPid(pid_t pid) = 0;
};

}  // namespace surety

template <>
struct std::hash<surety::ProcessKey> {
  std::size_t operator()(const surety::ProcessKey& key) const noexcept {
    return std::hash<std::uint64_t>{}(key.start_ticks * 0x9E3779B97F4A7C15ULL ^
                                      static_cast<std::uint64_t>(key.pid));
  }
};
