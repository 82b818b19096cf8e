#include "agent/sinks/trusted_folder.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <system_error>

namespace surety {
namespace {

Error NotOpened(const std::string& path, int error) {
  switch (error) {
    case ENOENT:
      return {ErrorCode::kNotFound,
              path + " does not exist: make it, and let suretyd's user own it"};
    case ELOOP:
    case ENOTDIR:
      return {ErrorCode::kPermissionDenied,
              path + " is a symbolic link or no folder: name the folder itself"};
    case EACCES:
      return {ErrorCode::kPermissionDenied, path + " may not be opened: let suretyd's user (uid " +
                                                std::to_string(::geteuid()) + ") own it"};
    default:
      return {ErrorCode::kUnavailable,
              path + " cannot be opened: " + std::generic_category().message(error)};
  }
}

Result<void> CheckPart(int fd, const std::string& path, bool last) {
  struct stat seen {};
  if (::fstat(fd, &seen) != 0) return NotOpened(path, errno);
  if (seen.st_uid != 0 && seen.st_uid != ::geteuid())
    return Error(ErrorCode::kPermissionDenied,
                 path + " belongs to uid " + std::to_string(seen.st_uid) +
                     ", who could put other files in the place of these: let root or suretyd's "
                     "user own it");
  const bool sticky = (seen.st_mode & S_ISVTX) != 0;
  if ((seen.st_mode & (S_IWGRP | S_IWOTH)) != 0 && (last || !sticky))
    return Error(ErrorCode::kPermissionDenied,
                 path +
                     " can be written by others, who could put other files in the place of "
                     "these: chmod go-w " +
                     path);
  return {};
}

}  // namespace

Result<UniqueFd> OpenTrustedFolder(const std::string& path) {
  const auto normal = std::filesystem::path(path + "/").lexically_normal();
  std::string so_far = "/";
  UniqueFd at(::open("/", O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!at) return NotOpened(so_far, errno);
  const auto parts = normal.relative_path();
  for (auto part = parts.begin(); part != parts.end() && !part->empty(); ++part) {
    so_far += (so_far == "/" ? "" : "/") + part->string();
    const auto next = std::next(part);
    const bool last = next == parts.end() || next->empty();
    UniqueFd below(::openat(at.get(), part->c_str(),
                            (last ? O_RDONLY : O_PATH) | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!below) return NotOpened(so_far, errno);
    if (auto good = CheckPart(below.get(), so_far, last); !good) return good.error();
    at = std::move(below);
  }
  return at;
}

}  // namespace surety
