#include "agent/sinks/sink_folder.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <memory>
#include <string_view>
#include <system_error>

#include "agent/issuance/disk_writes.h"
#include "agent/sinks/trusted_folder.h"

namespace surety {
namespace {

constexpr std::string_view kSetPrefix = "set-";
constexpr mode_t kPublic = S_IRUSR | S_IWUSR | S_IRGRP | S_IROTH;
constexpr mode_t kOpenFolder = S_IRWXU | S_IRGRP | S_IXGRP | S_IROTH | S_IXOTH;

Error Failed(const std::string& doing, int error) {
  std::string why = doing + ": " + std::generic_category().message(error);
  if (error == EROFS) why += " (the packaged service needs it in ReadWritePaths=)";
  if (error == EACCES) why += " (let suretyd's user own the folder)";
  return {
      error == ENOSPC || error == EDQUOT ? ErrorCode::kResourceExhausted : ErrorCode::kUnavailable,
      std::move(why)};
}

Result<std::string> NewSetName() {
  constexpr std::string_view kHex = "0123456789abcdef";
  std::array<std::uint8_t, 8> random{};
  if (::getrandom(random.data(), random.size(), 0) != std::ssize(random))
    return Failed("asking the kernel for random bytes", errno);
  std::string name(kSetPrefix);
  for (const std::uint8_t byte : random) {
    name += kHex[byte >> 4U];
    name += kHex[byte & 0x0FU];
  }
  return name;
}

struct CloseFolder {
  void operator()(DIR* folder) const { ::closedir(folder); }
};

Result<std::vector<std::string>> NamesIn(int folder, const std::string& path) {
  UniqueFd fd(::openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd) return Failed("listing " + path, errno);
  const std::unique_ptr<DIR, CloseFolder> listing(::fdopendir(fd.get()));
  if (!listing) return Failed("listing " + path, errno);
  static_cast<void>(fd.Release());
  std::vector<std::string> names;
  while (const dirent* entry = ::readdir(listing.get())) {
    const std::string_view name = entry->d_name;
    if (name != "." && name != "..") names.emplace_back(name);
  }
  return names;
}

Result<void> RemoveSet(int folder, const std::string& name) {
  const UniqueFd set(
      ::openat(folder, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!set) return Failed("removing " + name, errno);
  const auto files = NamesIn(set.get(), name);
  if (!files) return files.error();
  for (const std::string& file : *files)
    if (::unlinkat(set.get(), file.c_str(), 0) != 0 && errno != ENOENT)
      return Failed("removing " + name + "/" + file, errno);
  if (::unlinkat(folder, name.c_str(), AT_REMOVEDIR) != 0 && errno != ENOENT)
    return Failed("removing " + name, errno);
  return {};
}

}  // namespace

Result<SinkFolder> SinkFolder::Open(const SinkFolderSettings& settings) {
  auto folder = OpenTrustedFolder(settings.path);
  if (!folder) return folder.error();
  return SinkFolder(settings, *std::move(folder));
}

Result<void> SinkFolder::Put(std::span<const SinkFile> files) {
  const auto set = NewSetName();
  if (!set) return set.error();
  before_ = Linked();
  if (auto written = WriteSet(*set, files); !written) {
    // What could be written of it goes again; that it cannot be removed matters less.
    static_cast<void>(RemoveSet(folder_.get(), *set));
    return written;
  }
  if (auto swapped = SwapLink(*set); !swapped) {
    static_cast<void>(RemoveSet(folder_.get(), *set));
    return swapped;
  }
  return {};
}

Result<void> SinkFolder::Tidy() {
  if (auto removed = RemoveSets(Linked(), before_); !removed) return removed.error();
  return {};
}

Result<bool> SinkFolder::Clear() {
  const bool was_linked = ::unlinkat(folder_.get(), kLink, 0) == 0;
  if (!was_linked && errno != ENOENT)
    return Failed("removing " + settings_.path + "/" + kLink, errno);
  const auto removed = RemoveSets({}, {});
  if (!removed) return removed.error();
  return was_linked || *removed;
}

// Nobody else can enter it until it is complete.
Result<void> SinkFolder::WriteSet(const std::string& set, std::span<const SinkFile> files) {
  if (::mkdirat(folder_.get(), set.c_str(), S_IRWXU) != 0)
    return Failed("making a folder in " + settings_.path, errno);
  const UniqueFd inside(
      ::openat(folder_.get(), set.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!inside) return Failed("opening " + settings_.path + "/" + set, errno);
  for (const SinkFile& file : files)
    if (auto written = WriteFile(inside.get(), file); !written) return written;
  if (::fchmod(inside.get(), kOpenFolder) != 0)
    return Failed("opening " + settings_.path + "/" + set + " to readers", errno);
  return DiskWrites().Sync(inside.get(), settings_.path + "/" + set);
}

Result<void> SinkFolder::WriteFile(int set, const SinkFile& file) {
  DiskWrites disk;
  const auto made = disk.Create(set, file.name);
  if (!made) return made.error();
  if (::fchmod(made->get(), file.holds_key ? settings_.key_mode : kPublic) != 0)
    return Failed("setting the mode of " + file.name, errno);
  // After its mode, which only its owner may set; before it holds anything.
  if (auto given = Give(made->get(), file.name); !given) return given;
  if (auto written = disk.Write(made->get(), file.bytes.Reveal(), file.name); !written)
    return written;
  return disk.Sync(made->get(), file.name);
}

// Asks for nothing that is so already.
Result<void> SinkFolder::Give(int file, const std::string& name) {
  struct stat made {};
  if (::fstat(file, &made) != 0) return Failed("looking at " + name, errno);
  const bool other_owner = settings_.owner && *settings_.owner != made.st_uid;
  const bool other_group = settings_.group && *settings_.group != made.st_gid;
  if (!other_owner && !other_group) return {};
  const uid_t owner = other_owner ? *settings_.owner : static_cast<uid_t>(-1);
  const gid_t group = other_group ? *settings_.group : static_cast<gid_t>(-1);
  if (::fchown(file, owner, group) == 0) return {};
  const int failed = errno;
  const Error error = Failed("giving " + name + " to its owner and group", failed);
  if (failed != EPERM) return error;
  return Error(ErrorCode::kPermissionDenied,
               error.message() +
                   "; without CAP_CHOWN (and SystemCallFilter=@chown in the packaged service) let "
                   "the folder have the group and the setgid bit: chmod 2750 " +
                   settings_.path);
}

Result<void> SinkFolder::SwapLink(const std::string& set) {
  constexpr const char* kScratch = ".current.new";
  ::unlinkat(folder_.get(), kScratch, 0);  // Of a daemon that ended in between.
  if (::symlinkat(set.c_str(), folder_.get(), kScratch) != 0)
    return Failed("making a link in " + settings_.path, errno);
  DiskWrites disk;
  if (auto renamed = disk.Rename(folder_.get(), kScratch, kLink); !renamed) return renamed;
  return disk.Sync(folder_.get(), settings_.path);
}

std::string SinkFolder::Linked() const {
  std::array<char, 64> target{};
  const ssize_t size = ::readlinkat(folder_.get(), kLink, target.data(), target.size());
  return size <= 0 ? std::string() : std::string(target.data(), static_cast<std::size_t>(size));
}

Result<bool> SinkFolder::RemoveSets(const std::string& but, const std::string& and_but) {
  const auto names = NamesIn(folder_.get(), settings_.path);
  if (!names) return names.error();
  bool any = false;
  for (const std::string& name : *names) {
    if (!name.starts_with(kSetPrefix) || name == but || name == and_but) continue;
    if (auto removed = RemoveSet(folder_.get(), name); !removed) return removed.error();
    any = true;
  }
  return any;
}

}  // namespace surety
