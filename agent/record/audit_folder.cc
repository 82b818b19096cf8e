#include "agent/record/audit_folder.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <system_error>
#include <utility>

#include "agent/issuance/own_folder.h"
#include "agent/record/audit_names.h"

namespace surety {
namespace {

constexpr std::string_view kTemporary = ".tmp";

bool IsTemporary(std::string_view name) { return name.ends_with(kTemporary); }

struct flock WholeFile() {
  struct flock lock {};
  lock.l_type = F_WRLCK;
  lock.l_whence = SEEK_SET;
  return lock;
}

}  // namespace

Result<AuditFolder> AuditFolder::Open(const std::string& path, AuditDisk& disk) {
  std::string base = path;
  while (base.size() > 1 && base.ends_with('/')) base.pop_back();  // "link/" would follow the link.
  auto dir = OpenOwnFolder(AT_FDCWD, base, base);
  if (!dir) return dir.error().Within("the audit log's folder");
  AuditFolder folder(base, *std::move(dir), disk);
  if (auto locked = folder.Lock(); !locked) return locked.error();
  if (auto removed = folder.RemoveTemporaries(); !removed) return removed.error();
  return folder;
}

// Of the open file description and not of the process, so that a reader can ask
// for it without taking it.
Result<void> AuditFolder::Lock() {
  lock_ = UniqueFd(::openat(dir_.get(), kAuditLockFile, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC,
                            S_IRUSR | S_IWUSR));
  if (!lock_) return OpenFailed(PathOf(kAuditLockFile));
  struct flock lock = WholeFile();
  if (::fcntl(lock_.get(), F_OFD_SETLK, &lock) == 0) return {};
  if (errno == EAGAIN || errno == EACCES) {
    return Error(
        ErrorCode::kAlreadyExists,
        path_ + " is in use by another daemon: stop that one, or give each its own folder");
  }
  return Error(ErrorCode::kUnavailable, PathOf(kAuditLockFile) + " cannot be locked: " +
                                            std::generic_category().message(errno));
}

Result<UniqueFd> AuditFolder::OpenToAppend(const std::string& name) const {
  const std::string path = PathOf(name);
  UniqueFd file(
      ::openat(dir_.get(), name.c_str(), O_RDWR | O_APPEND | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  if (!file) return OpenFailed(path);
  auto found = CheckOwner(file.get(), path, "0600");
  if (!found) return found.error();
  if (!S_ISREG(found->st_mode))
    return Error(ErrorCode::kPermissionDenied, path + " is not a regular file");
  return file;
}

Result<SecretBytes> AuditFolder::ReadSecret(const std::string& name, std::size_t max_bytes) const {
  const auto file = OpenToAppend(name);
  if (!file) return file.error();
  std::vector<std::uint8_t> bytes(max_bytes + 1);
  const ssize_t got = ::pread(file->get(), bytes.data(), bytes.size(), 0);
  if (got >= 0) bytes.resize(static_cast<std::size_t>(got));
  SecretBytes content(std::move(bytes));
  if (got < 0) return OpenFailed(PathOf(name));
  if (content.Reveal().size() > max_bytes) {
    return Error(ErrorCode::kResourceExhausted,
                 PathOf(name) + " is larger than " + std::to_string(max_bytes) + " bytes");
  }
  return content;
}

Result<void> AuditFolder::Replace(const std::string& name, std::string_view bytes) {
  const std::string temporary = name + std::string(kTemporary);
  const auto written = [&]() -> Result<void> {
    auto file = disk_->Create(dir_.get(), temporary);
    if (!file) return file.error();
    if (auto appended = AppendAll(*disk_, file->get(), bytes, temporary); !appended)
      return appended;
    if (auto synced = disk_->Sync(file->get(), temporary); !synced) return synced;
    return disk_->Rename(dir_.get(), temporary, name);
  }();
  if (!written) {
    ::unlinkat(dir_.get(), temporary.c_str(), 0);
    return written.error().Within(path_);
  }
  if (auto synced = disk_->Sync(dir_.get(), "the folder"); !synced)
    return synced.error().Within(path_);
  return {};
}

Result<std::vector<std::string>> AuditFolder::Segments() const {
  return ListSegments(dir_.get(), path_);
}

Result<void> AuditFolder::RemoveTemporaries() {
  const auto names = ListNames(dir_.get(), path_, IsTemporary);
  if (!names) return names.error();
  for (const std::string& name : *names) {
    if (auto removed = disk_->Remove(dir_.get(), name); !removed)
      return removed.error().Within(path_);
  }
  return {};
}

bool HasWriter(int dir) {
  const UniqueFd file(
      ::openat(dir, kAuditLockFile, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  struct flock lock = WholeFile();
  return file && ::fcntl(file.get(), F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
}

}  // namespace surety
