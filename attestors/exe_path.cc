#include "attestors/exe_path.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <climits>
#include <cstring>

namespace surety {
namespace {

UniqueFd OpenInRoot(int root, const std::string& path, bool cached) {
  open_how how{};
  how.flags = O_PATH | O_NOFOLLOW | O_CLOEXEC;
  how.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS;
  if (cached) how.resolve |= RESOLVE_CACHED;
  return UniqueFd(static_cast<int>(::syscall(SYS_openat2, root, path.c_str(), &how, sizeof how)));
}

Result<bool> IsFile(const UniqueFd& found, const FileIdentity& file) {
  const auto facts = LookAtFile(found.get(), MountIdKind::kListed);
  if (!facts) return facts.error();
  return facts->identity.SameFile(file);
}

// Runs on a worker: may hang on a file system that does not answer.
Result<bool> LookSlowly(int root, const std::string& path, const FileIdentity& file) {
  const UniqueFd found = OpenInRoot(root, path, false);
  if (found) return IsFile(found, file);
  switch (errno) {
    case ENOENT:
    case ENOTDIR:
    case ELOOP:
    case EACCES:
    case ENAMETOOLONG: return false;
    default:
      return Error(ErrorCode::kUnavailable,
                   "looking up the executable's path: " + std::string(std::strerror(errno)));
  }
}

// Same path, same file: the same question. Bytes, since a path may hold any but 0.
std::string QuestionOf(const std::string& path, const FileIdentity& file) {
  return std::to_string(file.device) + ':' + std::to_string(file.inode) + ':' + path;
}

constexpr std::size_t kRemembered = 4096;
constexpr LookupTimes kTimes{std::chrono::milliseconds(1'000), std::chrono::milliseconds(10'000),
                             std::chrono::milliseconds(500), std::chrono::milliseconds(30'000)};

}  // namespace

Result<std::string> NameOfOpenFile(int fd) {
  // Opened once: the way there costs as much as the answer.
  static const UniqueFd own_files(::open("/proc/self/fd", O_PATH | O_DIRECTORY | O_CLOEXEC));
  std::array<char, PATH_MAX + 1> name;  // NOLINT(cppcoreguidelines-pro-type-member-init)
  const std::string number = std::to_string(fd);
  const std::string link = own_files ? number : "/proc/self/fd/" + number;
  const ssize_t length = ::readlinkat(own_files.get(), link.c_str(), name.data(), name.size());
  if (length < 0)
    return Error(ErrorCode::kUnavailable,
                 "reading the executable's path: " + std::string(std::strerror(errno)));
  if (static_cast<std::size_t>(length) == name.size())
    return Error(ErrorCode::kUnavailable, "the executable's path is too long");
  return std::string(name.data(), static_cast<std::size_t>(length));
}

PathCheck::PathCheck(std::shared_ptr<const UniqueFd> root,
                     BackgroundLookup<std::string, bool>::Now now)
    : root_(std::move(root)),
      slow_("looking up the executable's path", std::make_shared<WorkerPool>(WorkerPool::Limits{}),
            kTimes, kRemembered, std::move(now)) {}

Result<bool> PathCheck::LeadsTo(const std::string& path, const FileIdentity& file, uid_t share,
                                BootClock::duration patience) {
  if (!root_)
    return Error(ErrorCode::kUnavailable, "the host's root directory could not be opened");
  if (path.empty() || path.front() != '/') return false;

  constexpr int kTries = 3;  // A rename anywhere on the machine can spoil one.
  for (int i = 0; i < kTries; ++i) {
    const UniqueFd found = OpenInRoot(root_->get(), path, true);
    if (found) return IsFile(found, file);
    if (errno == ENOENT || errno == ENOTDIR || errno == ELOOP) return false;
    if (errno != EAGAIN) break;
  }
  using Lookup = BackgroundLookup<std::string, bool>;
  return slow_.Get(QuestionOf(path, file), share, patience, [&]() -> Result<Lookup::Compute> {
    return Lookup::Compute([root = root_, path, file](const std::stop_token&) {
      return LookSlowly(root->get(), path, file);
    });
  });
}

void PathCheck::Forget(const std::string& path, const FileIdentity& file, uid_t share) {
  slow_.Forget(QuestionOf(path, file), share);
}

}  // namespace surety
