#include "attestors/pidfd_answer.h"

#include <linux/ioctl.h>
#include <sys/ioctl.h>

#include <cerrno>
#include <cstring>

namespace surety {
namespace {

// linux/pidfd.h since 6.13; older headers do not have it.
struct KernelInfo {
  std::uint64_t mask;
  std::uint64_t cgroup_id;
  std::uint32_t pid;
  std::uint32_t tgid;
  std::uint32_t parent;
  std::uint32_t real_uid;
  std::uint32_t other_ids[7];  // NOLINT(modernize-avoid-c-arrays): the kernel's own form.
  std::int32_t exit_code;
};
static_assert(sizeof(KernelInfo) == 64);
constexpr std::uint64_t kPidAndCreds = 3;
constexpr std::uint64_t kCgroupId = 1U << 2U;
constexpr unsigned long kGetInfo = _IOWR(0xFF, 11, KernelInfo);

}  // namespace

Result<PidfdAnswer> AskPidfd(int pidfd) {
  KernelInfo info{};
  info.mask = kPidAndCreds | kCgroupId;
  if (::ioctl(pidfd, kGetInfo, &info) != 0) {
    const int error = errno;
    if (error == ESRCH) return Error(ErrorCode::kPeerGone, "the process has exited");
    const bool unknown = error == ENOTTY || error == EINVAL;
    return Error(unknown ? ErrorCode::kNotFound : ErrorCode::kUnavailable,
                 "PIDFD_GET_INFO (Linux 6.13): " + std::string(std::strerror(error)));
  }
  if ((info.mask & kPidAndCreds) != kPidAndCreds)
    return Error(ErrorCode::kPeerGone, "the process has exited");
  PidfdAnswer out{static_cast<pid_t>(info.parent), info.real_uid, {}};
  if ((info.mask & kCgroupId) != 0) out.cgroup_id = info.cgroup_id;
  return out;
}

}  // namespace surety
