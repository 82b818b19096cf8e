#include "agent/issuance/disk_writes.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace surety {
namespace {

Error Failed(const std::string& what, const std::string& name) {
  return {ErrorCode::kUnavailable,
          what + " " + name + ": " + std::generic_category().message(errno)};
}

}  // namespace

Result<UniqueFd> DiskWrites::Create(int dir, const std::string& name) {
  UniqueFd file(::openat(dir, name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
                         S_IRUSR | S_IWUSR));
  if (!file) return Failed("cannot create", name);
  return file;
}

Result<void> DiskWrites::Write(int fd, std::span<const std::uint8_t> bytes,
                               const std::string& name) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(fd, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return Failed("cannot write", name);
    bytes = bytes.subspan(static_cast<std::size_t>(written));
  }
  return {};
}

Result<void> DiskWrites::LetAllRead(int fd, const std::string& name) {
  if (::fchmod(fd, S_IRUSR | S_IWUSR | S_IRGRP | S_IROTH) != 0) {
    return Failed("cannot set the mode of", name);
  }
  return {};
}

Result<void> DiskWrites::Sync(int fd, const std::string& name) {
  if (::fsync(fd) != 0) return Failed("cannot bring to the disk", name);
  return {};
}

Result<void> DiskWrites::Rename(int dir, const std::string& from, const std::string& to) {
  if (::renameat(dir, from.c_str(), dir, to.c_str()) != 0) return Failed("cannot rename to", to);
  return {};
}

Result<void> DiskWrites::Remove(int dir, const std::string& name) {
  if (::unlinkat(dir, name.c_str(), 0) != 0) return Failed("cannot remove", name);
  return {};
}

}  // namespace surety
