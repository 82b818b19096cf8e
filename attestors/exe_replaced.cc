#include "attestors/exe_replaced.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <optional>
#include <utility>

namespace surety {
namespace {

using Lookup = BackgroundLookup<std::string, bool>;

constexpr std::size_t kRemembered = 1024;
constexpr LookupTimes kTimes{std::chrono::milliseconds(1'000), std::chrono::milliseconds(10'000),
                             std::chrono::milliseconds(500), std::chrono::milliseconds(30'000)};

Error Failed(int error) {
  return {ErrorCode::kUnavailable,
          "looking for what replaced the executable: " + std::string(std::strerror(error))};
}

// nullopt if there is none, or only behind a symbolic link.
Result<std::optional<struct statx>> LookAt(int root, const std::string& path) {
  open_how how{};
  how.flags = O_PATH | O_NOFOLLOW | O_CLOEXEC;
  how.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_SYMLINKS;
  const UniqueFd found(
      static_cast<int>(::syscall(SYS_openat2, root, path.c_str(), &how, sizeof how)));
  struct statx seen {};
  if (!found) {
    switch (const int error = errno; error) {
      case ENOENT:
      case ENOTDIR:
      case ELOOP:
      case EACCES:
      case ENAMETOOLONG: return std::optional<struct statx>();
      default: return Failed(error);
    }
  }
  if (::statx(found.get(), "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, STATX_BASIC_STATS, &seen) != 0)
    return Failed(errno);
  return std::optional(seen);
}

bool OnlyRootChanges(const struct statx& file) {
  return file.stx_uid == 0 && (file.stx_mode & (S_IWGRP | S_IWOTH)) == 0;
}

// Runs on a worker. From the root downwards, so that nothing is looked at below a
// folder that is not root's.
Result<bool> LeadsToRootsFile(int root, const std::string& path, const FileIdentity& old) {
  for (std::size_t end = 1; end != std::string::npos;) {
    const auto folder = LookAt(root, path.substr(0, end));
    if (!folder) return folder.error();
    if (!*folder || !S_ISDIR((**folder).stx_mode) || !OnlyRootChanges(**folder)) return false;
    end = path.find('/', end + 1);
  }
  const auto file = LookAt(root, path);
  if (!file) return file.error();
  if (!*file || !S_ISREG((**file).stx_mode) || !OnlyRootChanges(**file)) return false;
  const auto& seen = **file;
  const std::uint64_t device = makedev(seen.stx_dev_major, seen.stx_dev_minor);
  return device == old.device && seen.stx_ino != old.inode;
}

std::string QuestionOf(const std::string& path, const FileIdentity& file) {
  return std::to_string(file.device) + ':' + std::to_string(file.inode) + ':' + path;
}

}  // namespace

ReplacedCheck::ReplacedCheck(std::shared_ptr<const UniqueFd> root, Lookup::Now now)
    : root_(std::move(root)),
      lookup_("looking for what replaced the executable",
              std::make_shared<WorkerPool>(WorkerPool::Limits{}), kTimes, kRemembered,
              std::move(now)) {}

Result<bool> ReplacedCheck::IsReplaced(const std::string& path, const FileIdentity& file,
                                       uid_t share, BootClock::duration patience) {
  if (!root_)
    return Error(ErrorCode::kUnavailable, "the host's root directory could not be opened");
  if (path.empty() || path.front() != '/') return false;
  return lookup_.Get(QuestionOf(path, file), share, patience, [&]() -> Result<Lookup::Compute> {
    return Lookup::Compute([root = root_, path, file](const std::stop_token&) {
      return LeadsToRootsFile(root->get(), path, file);
    });
  });
}

void ReplacedCheck::Forget(const std::string& path, const FileIdentity& file, uid_t share) {
  lookup_.Forget(QuestionOf(path, file), share);
}

}  // namespace surety
