#include "agent/record/state_folder.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace surety {
namespace {

constexpr mode_t kOthers = S_IRWXG | S_IRWXO;

std::string Cause() { return std::generic_category().message(errno); }

Error OpenFailed(const std::string& path) {
  switch (errno) {
    case ELOOP:
    case ENOTDIR:
      return {ErrorCode::kPermissionDenied, path + " is a symbolic link: name what it points to"};
    case EACCES:
    case EPERM:
    case EROFS: return {ErrorCode::kPermissionDenied, path + " may not be opened: " + Cause()};
    case ENOSPC:
    case EDQUOT: return {ErrorCode::kResourceExhausted, path + " cannot be made: " + Cause()};
    default: return {ErrorCode::kUnavailable, path + " cannot be opened: " + Cause()};
  }
}

Result<void> CheckOwner(const struct stat& found, const std::string& path, const char* mode) {
  if (found.st_uid != ::geteuid())
    return Error(ErrorCode::kPermissionDenied,
                 path + " belongs to uid " + std::to_string(found.st_uid) +
                     ", and the daemon runs as uid " + std::to_string(::geteuid()) +
                     ": chown it, or name another state_dir");
  if ((found.st_mode & kOthers) != 0)
    return Error(ErrorCode::kPermissionDenied,
                 path + " is open to other users: chmod " + mode + " " + path);
  return {};
}

}  // namespace

Result<StateFolder> StateFolder::Open(const std::string& path) {
  std::string base = path;
  while (base.size() > 1 && base.ends_with('/')) base.pop_back();  // "link/" would follow the link.
  if (::mkdir(base.c_str(), S_IRWXU) != 0 && errno != EEXIST) return OpenFailed(base);
  UniqueFd folder(::open(base.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!folder) return OpenFailed(base);
  struct stat found {};
  if (::fstat(folder.get(), &found) != 0) return OpenFailed(base);
  if (auto ours = CheckOwner(found, base, "0700"); !ours) return ours.error();
  StateFolder opened(base, std::move(folder));
  if (auto locked = opened.Lock(); !locked) return locked.error();
  return opened;
}

Result<void> StateFolder::Lock() {
  if (auto claimed = Claim("state.lock"); !claimed) return claimed.error();
  lock_ = UniqueFd(::openat(folder_.get(), "state.lock", O_RDWR | O_NOFOLLOW | O_CLOEXEC));
  if (!lock_) return OpenFailed(PathOf("state.lock"));
  if (::flock(lock_.get(), LOCK_EX | LOCK_NB) == 0) return {};
  if (errno == EWOULDBLOCK)
    return Error(ErrorCode::kAlreadyExists,
                 path_ + " is in use by another suretyd: stop it, or name another state_dir");
  return OpenFailed(PathOf("state.lock"));
}

Result<bool> StateFolder::Claim(const std::string& name) const {
  const UniqueFd made(::openat(folder_.get(), name.c_str(),
                               O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
                               S_IRUSR | S_IWUSR));
  if (!made && errno != EEXIST) return OpenFailed(PathOf(name));
  if (made && ::fsync(folder_.get()) != 0) return OpenFailed(PathOf(name));
  if (auto checked = Check(name); !checked) return checked.error();
  return static_cast<bool>(made);
}

Result<void> StateFolder::Rename(const std::string& from, const std::string& to) const {
  if (::renameat(folder_.get(), from.c_str(), folder_.get(), to.c_str()) != 0 ||
      ::fsync(folder_.get()) != 0)
    return Error(ErrorCode::kUnavailable, PathOf(from) + " cannot be renamed: " + Cause());
  return {};
}

Result<void> StateFolder::Check(const std::string& name) const {
  struct stat found {};
  if (::fstatat(folder_.get(), name.c_str(), &found, AT_SYMLINK_NOFOLLOW) != 0)
    return errno == ENOENT ? Result<void>() : OpenFailed(PathOf(name));
  if (!S_ISREG(found.st_mode))
    return Error(ErrorCode::kPermissionDenied,
                 PathOf(name) + " is not a regular file: move it away");
  return CheckOwner(found, PathOf(name), "0600");
}

}  // namespace surety
