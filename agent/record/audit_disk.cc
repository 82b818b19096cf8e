#include "agent/record/audit_disk.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace surety {
namespace {

bool IsNoRoom(int error) { return error == ENOSPC || error == EDQUOT || error == EFBIG; }

Error Failed(const std::string& what, const std::string& name) {
  const int error = errno;
  return {IsNoRoom(error) ? ErrorCode::kResourceExhausted : ErrorCode::kUnavailable,
          what + " " + name + ": " + std::generic_category().message(error)};
}

}  // namespace

Result<UniqueFd> AuditDisk::Create(int dir, const std::string& name) {
  UniqueFd file(::openat(dir, name.c_str(),
                         O_WRONLY | O_APPEND | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
                         S_IRUSR | S_IWUSR));
  if (!file) return Failed("cannot create", name);
  return file;
}

Result<std::size_t> AuditDisk::Append(int fd, std::string_view bytes, const std::string& name) {
  while (true) {
    const ssize_t written = ::write(fd, bytes.data(), bytes.size());
    if (written > 0) return static_cast<std::size_t>(written);
    if (written == 0) errno = EIO;
    if (errno != EINTR) return Failed("cannot write", name);
  }
}

Result<void> AuditDisk::Truncate(int fd, std::uint64_t size, const std::string& name) {
  if (::ftruncate(fd, static_cast<off_t>(size)) != 0) return Failed("cannot shorten", name);
  return {};
}

Result<void> AuditDisk::Sync(int fd, const std::string& name) {
  if (::fdatasync(fd) != 0) return Failed("cannot bring to the disk", name);
  return {};
}

Result<void> AuditDisk::Rename(int dir, const std::string& from, const std::string& to) {
  if (::renameat(dir, from.c_str(), dir, to.c_str()) != 0) return Failed("cannot rename to", to);
  return {};
}

Result<void> AuditDisk::Remove(int dir, const std::string& name) {
  if (::unlinkat(dir, name.c_str(), 0) != 0) return Failed("cannot remove", name);
  return {};
}

Result<void> AppendAll(AuditDisk& disk, int fd, std::string_view bytes, const std::string& name) {
  while (!bytes.empty()) {
    const auto took = disk.Append(fd, bytes, name);
    if (!took) return took.error();
    bytes.remove_prefix(*took);
  }
  return {};
}

}  // namespace surety
