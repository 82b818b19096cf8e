#include "agent/doctor/become_user.h"

#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <string>
#include <system_error>

namespace surety {

Result<void> BecomeUser(uid_t uid) {
  if (uid == 0 || ::geteuid() != 0) return {};
  __user_cap_header_struct header{.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
  std::array<__user_cap_data_struct, _LINUX_CAPABILITY_U32S_3> all{};
  if (::syscall(SYS_capget, &header, all.data()) == 0 && ::prctl(PR_SET_KEEPCAPS, 1L) == 0 &&
      ::setresuid(uid, uid, uid) == 0 && ::syscall(SYS_capset, &header, all.data()) == 0)
    return {};
  return Error(ErrorCode::kPermissionDenied, "cannot look as uid " + std::to_string(uid) + ": " +
                                                 std::generic_category().message(errno));
}

}  // namespace surety
