#include "agent/issuance/harden_process.h"

#include <sys/prctl.h>
#include <sys/resource.h>

#include <cerrno>
#include <system_error>

namespace surety {
namespace {

Error Failed(const char* call) {
  return {ErrorCode::kInternal,
          std::string(call) + " failed: " + std::generic_category().message(errno)};
}

}  // namespace

Result<void> HardenProcess() {
  const rlimit no_core{.rlim_cur = 0, .rlim_max = 0};
  if (::setrlimit(RLIMIT_CORE, &no_core) != 0) return Failed("setrlimit(RLIMIT_CORE, 0)");
  if (::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0) return Failed("prctl(PR_SET_DUMPABLE, 0)");
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return Failed("prctl(PR_SET_NO_NEW_PRIVS)");
  return {};
}

}  // namespace surety
