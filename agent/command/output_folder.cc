#include "agent/command/output_folder.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/random.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <memory>
#include <system_error>

#include "attestors/printable.h"

namespace surety {
namespace {

ErrorCode CodeOf(int error) {
  switch (error) {
    case ENOENT: return ErrorCode::kNotFound;
    case ENOTDIR:
    case ELOOP:
    case EISDIR:
    case ENAMETOOLONG: return ErrorCode::kInvalidArgument;
    case EACCES:
    case EPERM:
    case EROFS: return ErrorCode::kPermissionDenied;
    case ENOSPC:
    case EDQUOT:
    case EMFILE:
    case ENFILE: return ErrorCode::kResourceExhausted;
    default: return ErrorCode::kInternal;
  }
}

Error ErrnoError(std::string_view doing, const std::string& where) {
  const int error = errno;
  return {CodeOf(error), std::string(doing) + " " + Printable(where) + ": " +
                             std::generic_category().message(error)};
}

Result<std::string> TemporaryName() {
  constexpr std::string_view kHex = "0123456789abcdef";
  std::array<std::uint8_t, 8> random{};
  if (::getrandom(random.data(), random.size(), 0) != std::ssize(random))
    return ErrnoError("asking the kernel for", "random bytes");
  std::string name = ".surety-";
  for (const std::uint8_t byte : random) {
    name += kHex[byte >> 4U];
    name += kHex[byte & 0x0FU];
  }
  return name + ".tmp";
}

bool WriteAll(int fd, std::span<const std::uint8_t> bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(fd, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return false;
    bytes = bytes.subspan(static_cast<std::size_t>(written));
  }
  return true;
}

struct CloseFolder {
  void operator()(DIR* folder) const { ::closedir(folder); }
};

}  // namespace

Result<OutputFolder> OutputFolder::Open(const std::string& path) {
  if (::mkdir(path.c_str(), S_IRWXU) != 0 && errno != EEXIST)
    return ErrnoError("making the folder", path);
  UniqueFd folder(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!folder) return ErrnoError("opening the folder", path);
  struct stat status {};
  if (::fstat(folder.get(), &status) != 0) return ErrnoError("looking at the folder", path);
  if ((status.st_mode & S_IWOTH) != 0 && (status.st_mode & S_ISVTX) == 0)
    return Error(ErrorCode::kPermissionDenied,
                 "the folder " + Printable(path) +
                     " is writable by every user, who could put other keys and bundles in place "
                     "of these; run chmod o-w on it or name another");
  return OutputFolder(path, std::move(folder));
}

OutputFolder::~OutputFolder() {
  for (const Staged& file : staged_) ::unlinkat(folder_.get(), file.temporary.c_str(), 0);
}

Error OutputFolder::Failure(std::string_view doing, const std::string& name) const {
  return ErrnoError(doing, path_ + "/" + name);
}

Result<void> OutputFolder::Stage(std::string name, std::span<const std::uint8_t> bytes,
                                 mode_t mode) {
  auto temporary = TemporaryName();
  if (!temporary) return temporary.error();
  const UniqueFd file(::openat(folder_.get(), temporary->c_str(),
                               O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode));
  if (!file) return Failure("making", name);
  staged_.push_back({*std::move(temporary), std::move(name)});
  if (!WriteAll(file.get(), bytes) || ::fsync(file.get()) != 0)
    return Failure("writing", staged_.back().name);
  return {};
}

Result<void> OutputFolder::Commit() {
  while (!staged_.empty()) {
    const Staged& file = staged_.front();
    if (::renameat(folder_.get(), file.temporary.c_str(), folder_.get(), file.name.c_str()) != 0)
      return Failure("replacing", file.name);
    staged_.erase(staged_.begin());
  }
  if (::fsync(folder_.get()) != 0) return ErrnoError("writing the folder", path_);
  return {};
}

Result<std::vector<std::string>> OutputFolder::Names() const {
  UniqueFd fd(::openat(folder_.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd) return ErrnoError("listing the folder", path_);
  const std::unique_ptr<DIR, CloseFolder> folder(::fdopendir(fd.get()));
  if (!folder) return ErrnoError("listing the folder", path_);
  static_cast<void>(fd.Release());
  std::vector<std::string> names;
  while (const dirent* entry = ::readdir(folder.get())) {
    const std::string name = entry->d_name;
    if (name != "." && name != "..") names.push_back(name);
  }
  std::sort(names.begin(), names.end());
  return names;
}

Result<void> OutputFolder::Remove(const std::string& name) {
  if (::unlinkat(folder_.get(), name.c_str(), 0) != 0 && errno != ENOENT)
    return Failure("removing", name);
  return {};
}

}  // namespace surety
