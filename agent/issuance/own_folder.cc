#include "agent/issuance/own_folder.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace surety {
namespace {

constexpr mode_t kOthers = S_IRWXG | S_IRWXO;

std::string Cause() { return std::generic_category().message(errno); }

}  // namespace

Error OpenFailed(const std::string& path) {
  switch (errno) {
    case ENOENT: return {ErrorCode::kNotFound, path + " does not exist"};
    case ELOOP:
    case ENOTDIR:
      return {ErrorCode::kPermissionDenied,
              path + " is a symbolic link or not a folder: name the folder itself"};
    case EACCES: return {ErrorCode::kPermissionDenied, path + " may not be opened: " + Cause()};
    default: return {ErrorCode::kUnavailable, path + " cannot be opened: " + Cause()};
  }
}

Result<struct stat> CheckOwner(int fd, const std::string& path, const char* mode) {
  struct stat found {};
  if (::fstat(fd, &found) != 0) return OpenFailed(path);
  const std::string me = std::to_string(::geteuid());
  if (found.st_uid != ::geteuid()) {
    return Error(ErrorCode::kPermissionDenied,
                 path + " belongs to uid " + std::to_string(found.st_uid) +
                     ", and the daemon runs as uid " + me + ": chown it, or name another folder");
  }
  if ((found.st_mode & kOthers) != 0) {
    return Error(ErrorCode::kPermissionDenied,
                 path + " is open to other users: chmod " + mode + " " + path);
  }
  return found;
}

Result<UniqueFd> OpenOwnFolder(int parent, const std::string& name, const std::string& path) {
  if (::mkdirat(parent, name.c_str(), S_IRWXU) == 0) {
    const UniqueFd above(
        ::openat(parent, (name + "/..").c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!above || ::fsync(above.get()) != 0) return OpenFailed(path);
  } else if (errno != EEXIST) {
    return Error(ErrorCode::kPermissionDenied, path + " cannot be made: " + Cause());
  }
  UniqueFd folder(::openat(parent, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!folder) return OpenFailed(path);
  if (auto owner = CheckOwner(folder.get(), path, "0700"); !owner) return owner.error();
  return folder;
}

}  // namespace surety
