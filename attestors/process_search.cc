#include "attestors/process_search.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <charconv>
#include <cstring>
#include <string_view>
#include <utility>

#include "attestors/boot_now.h"
#include "attestors/proc_text.h"

namespace surety {
namespace {

constexpr std::size_t kMostStatus = 64UL * 1024;
constexpr std::chrono::milliseconds kYoung{250};

using Handle = std::shared_ptr<const ProcessHandle>;

struct CloseListing {
  void operator()(DIR* listing) const { ::closedir(listing); }
};

bool IsYoung(const ProcessHandle& process) {
  const auto ticks_per_second = static_cast<std::uint64_t>(::sysconf(_SC_CLK_TCK));
  const auto begun =
      BootTime(std::chrono::milliseconds(process.key().start_ticks * 1'000 / ticks_per_second));
  return BootNow() - begun < kYoung;
}

// nullopt: it has exited, or is too young.
Result<std::optional<Peer>> PeerOf(Handle process) {
  if (IsYoung(*process)) return std::optional<Peer>();
  const auto text = process->ReadFile("status", kMostStatus);
  if (!process->IsAlive()) return std::optional<Peer>();
  if (!text) return text.error();
  const auto status = ParseStatus(*text);
  if (!status) return status.error();
  return std::optional(Peer{.process = std::move(process), .uid = status->uid, .gid = status->gid});
}

std::optional<pid_t> PidOf(const char* name) {
  const char* const end = name + std::strlen(name);
  pid_t pid = 0;
  const auto [stop, failed] = std::from_chars(name, end, pid);
  if (failed != std::errc() || stop != end || pid <= 0) return std::nullopt;
  return pid;
}

// Whether it may be of this uid: what a process does not let others see is root's here.
bool MayBelongTo(int proc, const char* name, uid_t uid) {
  struct stat seen {};
  return ::fstatat(proc, name, &seen, AT_SYMLINK_NOFOLLOW) == 0 &&
         (seen.st_uid == uid || seen.st_uid == 0);
}

bool RunsFile(const ProcessHandle& process, const std::string& exe) {
  if (exe.empty()) return true;
  const auto link = process.ReadLink("exe");
  return link && *link == exe;
}

bool IsOlder(const ProcessKey& one, const ProcessKey& other) {
  return std::pair(one.start_ticks, one.pid) < std::pair(other.start_ticks, other.pid);
}

}  // namespace

Result<std::optional<Peer>> FindOldestProcess(ProcessOpener& opener, uid_t uid,
                                              const std::string& exe) {
  const std::unique_ptr<DIR, CloseListing> listing(::opendir("/proc"));
  if (!listing) return Error(ErrorCode::kUnavailable, "/proc cannot be listed");
  std::optional<Peer> oldest;
  while (const dirent* entry = ::readdir(listing.get())) {
    const auto pid = PidOf(entry->d_name);
    if (!pid || *pid == ::getpid()) continue;
    if (!MayBelongTo(::dirfd(listing.get()), entry->d_name, uid)) continue;
    auto process = opener.OpenByPid(*pid);
    // It has exited, or is none that can be looked at: then it is not the one either.
    if (!process || !RunsFile(**process, exe)) continue;
    if (oldest && !IsOlder((*process)->key(), oldest->process->key())) continue;
    auto peer = PeerOf(*std::move(process));
    if (peer && *peer && (*peer)->uid == uid) oldest = **std::move(peer);
  }
  return oldest;
}

Result<std::optional<Peer>> FindNamedProcess(ProcessOpener& opener,
                                             const ProcessQuestion& question) {
  const auto named = question();
  if (!named) return named.error();
  if (!*named) return std::optional<Peer>();
  auto process = opener.OpenByPid(**named);
  if (!process && process.error().code() == ErrorCode::kPeerGone) return std::optional<Peer>();
  if (!process) return process.error();
  const auto again = question();
  if (!again) return again.error();
  if (*again != *named) return std::optional<Peer>();
  return PeerOf(*std::move(process));
}

}  // namespace surety
