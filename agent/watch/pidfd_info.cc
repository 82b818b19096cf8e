#include "agent/watch/pidfd_info.h"

#include <linux/ioctl.h>
#include <sys/ioctl.h>

#include <ctime>

namespace surety {
namespace {

// struct pidfd_info of linux/pidfd.h since 6.13; older headers do not have it.
struct RawInfo {
  std::uint64_t mask;
  std::uint64_t cgroup_id;
  std::uint32_t pid, tgid, ppid;
  std::uint32_t ruid, rgid, euid, egid, suid, sgid, fsuid, fsgid;
  std::int32_t exit_code;
};
static_assert(sizeof(RawInfo) == 64);
constexpr std::uint64_t kPid = 1U << 0U;
constexpr std::uint64_t kCredentials = 1U << 1U;
constexpr std::uint64_t kCgroup = 1U << 2U;
constexpr unsigned long kGetInfo = _IOWR(0xFF, 11, RawInfo);

}  // namespace

std::optional<PidfdInfo> ReadPidfdInfo(int pidfd) {
  RawInfo raw{};
  raw.mask = kPid | kCredentials | kCgroup;
  if (::ioctl(pidfd, kGetInfo, &raw) != 0) return std::nullopt;
  if ((raw.mask & kPid) == 0 || (raw.mask & kCredentials) == 0) return std::nullopt;
  return PidfdInfo{.cgroup = (raw.mask & kCgroup) != 0 ? raw.cgroup_id : 0,
                   .parent = raw.ppid,
                   .users = {raw.ruid, raw.euid, raw.suid, raw.fsuid},
                   .groups = {raw.rgid, raw.egid, raw.sgid, raw.fsgid}};
}

// The clock of a process is its id, inverted, above three bits that say which:
// clock_getcpuclockid(3), which would ask the kernel once more.
std::optional<std::int64_t> ReadCpuTime(pid_t pid) {
  constexpr clockid_t kScheduled = 2;
  const clockid_t clock = ~pid * 8 + kScheduled;
  timespec used{};
  if (::clock_gettime(clock, &used) != 0) return std::nullopt;
  return std::int64_t{used.tv_sec} * 1'000'000'000 + used.tv_nsec;
}

}  // namespace surety
