#include "attestors/link_look.h"

#include <sys/syscall.h>
#include <unistd.h>

#include <string>

#include "attestors/pidfd_answer.h"
#include "attestors/proc_text.h"
#include "surety/unique_fd.h"

namespace surety {
namespace {

constexpr std::size_t kMaxStat = 4096;
constexpr std::size_t kMaxStatus = 64UL * 1024;
constexpr std::size_t kMaxNumber = 64;

Result<uid_t> RealUidOf(const ProcessHandle& process) {
  if (const auto answer = AskPidfd(process.pidfd())) return answer->uid;
  const auto text = process.ReadFile("status", kMaxStatus);
  if (!text) return text.error();
  const auto status = ParseStatus(*text);
  if (!status) return status.error();
  return status->real_uid;
}

// Kernels may be built without audit.
Result<std::optional<std::uint32_t>> LoginOf(const ProcessHandle& process) {
  const auto text = process.ReadFile("sessionid", kMaxNumber);
  if (text) return ParseSessionId(*text);
  if (text.error().code() == ErrorCode::kNotFound) return std::optional<std::uint32_t>();
  return text.error();
}

bool Matches(int pidfd, const Link& link) {
  const auto answer = AskPidfd(pidfd);
  return answer && answer->parent == link.parent && answer->uid == link.uid &&
         ::getsid(link.key.pid) == link.session;
}

}  // namespace

Result<Link> LookAtLink(const ProcessHandle& process) {
  const auto text = process.ReadFile("stat", kMaxStat);
  if (!text) return text.error();
  const auto stat = ParseStat(*text);
  if (!stat) return stat.error();
  const auto uid = RealUidOf(process);
  if (!uid) return uid.error();
  const auto login = LoginOf(process);
  if (!login) return login.error();
  return Link{process.key(), stat->parent, stat->session, *uid, *login, std::string(stat->name)};
}

Result<pid_t> ParentOf(const ProcessHandle& process) {
  if (const auto answer = AskPidfd(process.pidfd())) return answer->parent;
  const auto text = process.ReadFile("stat", kMaxStat);
  if (!text) return text.error();
  const auto stat = ParseStat(*text);
  if (!stat) return stat.error();
  return stat->parent;
}

bool IsUnchanged(const ProcessHandle& process, const Link& link) {
  return Matches(process.pidfd(), link);
}

bool IsUnchanged(const Link& link) {
  const UniqueFd pidfd(static_cast<int>(::syscall(SYS_pidfd_open, link.key.pid, 0)));
  return pidfd && Matches(pidfd.get(), link);
}

}  // namespace surety
