#pragma once

#include <sys/types.h>

#include <array>
#include <cstdint>
#include <optional>

namespace surety {

/// What one ioctl(2) tells of a process: PIDFD_GET_INFO, Linux 6.13.
struct PidfdInfo {
  std::uint64_t cgroup = 0;       ///< Id of its cgroup v2; 0 where the kernel does not tell.
  std::uint32_t parent = 0;       ///< Process id.
  std::array<uid_t, 4> users{};   ///< Real, effective, saved, file system.
  std::array<gid_t, 4> groups{};  ///< The same.
  bool operator==(const PidfdInfo&) const = default;
};

/// nullopt where the kernel is older, or when the process has exited.
std::optional<PidfdInfo> ReadPidfdInfo(int pidfd);

/// The CPU time that all threads of a process have used, in nanoseconds. While it
/// stands still, the process has done nothing. nullopt when there is no such process.
std::optional<std::int64_t> ReadCpuTime(pid_t pid);

}  // namespace surety
