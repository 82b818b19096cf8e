#include "agent/issuance/authority_folder.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <system_error>
#include <utility>

#include "agent/issuance/own_folder.h"

namespace surety {
namespace {

constexpr std::string_view kTemporary = ".tmp";

std::string Cause() { return std::generic_category().message(errno); }

}  // namespace

Result<AuthorityFolder> AuthorityFolder::Open(const std::string& state_dir, DiskWrites& disk,
                                              const std::string& name) {
  std::string base = state_dir;
  while (base.size() > 1 && base.ends_with('/')) base.pop_back();  // "link/" would follow the link.
  auto state = OpenOwnFolder(AT_FDCWD, base, base);
  if (!state) return state.error().Within("the state folder (state_dir)");
  const std::string path = base + "/" + name;
  auto dir = OpenOwnFolder(state->get(), name, path);
  if (!dir) return dir.error().Within("its subfolder " + name);

  AuthorityFolder folder(path, *std::move(dir), disk);
  if (auto locked = folder.Lock(); !locked) return locked.error();
  if (auto removed = folder.RemoveTemporaries(); !removed) return removed.error();
  return folder;
}

Result<void> AuthorityFolder::Lock() {
  lock_ = UniqueFd(
      ::openat(dir_.get(), "lock", O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, S_IRUSR | S_IWUSR));
  if (!lock_) return OpenFailed(PathOf("lock"));
  if (::flock(lock_.get(), LOCK_EX | LOCK_NB) == 0) return {};
  if (errno == EWOULDBLOCK) {
    return Error(ErrorCode::kAlreadyExists,
                 path_ +
                     " is in use by another daemon: stop that one, or give each its own "
                     "state_dir (fuser " +
                     PathOf("lock") + " names it)");
  }
  return Error(ErrorCode::kUnavailable, PathOf("lock") + " cannot be locked: " + Cause());
}

Result<SecretBytes> AuthorityFolder::Read(const std::string& name, std::size_t max_bytes) const {
  const std::string path = PathOf(name);
  const UniqueFd file(
      ::openat(dir_.get(), name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  if (!file) return OpenFailed(path);
  auto found = CheckOwner(file.get(), path, "0600");
  if (!found) return found.error();
  if (!S_ISREG(found->st_mode)) return Error(ErrorCode::kDataLoss, path + " is not a file");
  const auto size = static_cast<std::size_t>(found->st_size);
  if (size > max_bytes) {
    return Error(ErrorCode::kResourceExhausted,
                 path + " is larger than " + std::to_string(max_bytes) + " bytes");
  }
  std::vector<std::uint8_t> bytes(size);
  std::size_t have = 0;
  while (have < size) {
    const ssize_t got = ::read(file.get(), bytes.data() + have, size - have);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    have += static_cast<std::size_t>(got);
  }
  SecretBytes content(std::move(bytes));
  if (have < size) return Error(ErrorCode::kUnavailable, path + " cannot be read: " + Cause());
  return content;
}

Result<void> AuthorityFolder::Replace(const std::string& name,
                                      std::span<const std::uint8_t> bytes) {
  const std::string temporary = name + std::string(kTemporary);
  if (auto written = WriteTemporary(temporary, bytes); !written) {
    ::unlinkat(dir_.get(), temporary.c_str(), 0);
    return written.error().Within(path_);
  }
  if (auto renamed = disk_->Rename(dir_.get(), temporary, name); !renamed) {
    ::unlinkat(dir_.get(), temporary.c_str(), 0);
    return renamed.error().Within(path_);
  }
  if (auto synced = disk_->Sync(dir_.get(), "the folder"); !synced) {
    return synced.error().Within(path_);
  }
  return {};
}

Result<void> AuthorityFolder::WriteTemporary(const std::string& name,
                                             std::span<const std::uint8_t> bytes) {
  auto file = disk_->Create(dir_.get(), name);
  if (!file) return file.error();
  if (auto written = disk_->Write(file->get(), bytes, name); !written) return written.error();
  return disk_->Sync(file->get(), name);
}

Result<void> AuthorityFolder::Remove(const std::string& name) {
  if (auto removed = disk_->Remove(dir_.get(), name); !removed)
    return removed.error().Within(path_);
  if (auto synced = disk_->Sync(dir_.get(), "the folder"); !synced) {
    return synced.error().Within(path_);
  }
  return {};
}

Result<std::vector<std::string>> AuthorityFolder::List(std::string_view suffix) const {
  struct CloseDirectory {
    void operator()(DIR* directory) const { ::closedir(directory); }
  };
  UniqueFd again(::openat(dir_.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!again) return OpenFailed(path_);
  const std::unique_ptr<DIR, CloseDirectory> directory(::fdopendir(again.get()));
  if (!directory) return OpenFailed(path_);
  (void)again.Release();  // The directory closes it from here on.
  std::vector<std::string> names;
  errno = 0;
  while (const dirent* item = ::readdir(directory.get())) {
    const std::string_view name = static_cast<const char*>(item->d_name);
    if (name.ends_with(suffix)) names.emplace_back(name);
  }
  if (errno != 0) return OpenFailed(path_);
  std::ranges::sort(names);
  return names;
}

Result<void> AuthorityFolder::RemoveTemporaries() {
  auto names = List(kTemporary);
  if (!names) return names.error();
  for (const std::string& name : *names) {
    if (auto removed = Remove(name); !removed) return removed.error();
  }
  return {};
}

}  // namespace surety
