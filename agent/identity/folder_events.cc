#include "agent/identity/folder_events.h"

#include <sys/inotify.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <system_error>
#include <utility>

#include "agent/identity/trusted_file.h"

namespace surety {
namespace {

constexpr std::uint32_t kFolderMask = IN_CREATE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE |
                                      IN_CLOSE_WRITE | IN_ATTRIB | IN_DELETE_SELF | IN_MOVE_SELF |
                                      IN_ONLYDIR;
constexpr std::uint32_t kParentMask = IN_CREATE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE |
                                      IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR;

}  // namespace

Result<FolderEvents> FolderEvents::Watch(std::string folder) {
  UniqueFd fd(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
  if (!fd)
    return Error(ErrorCode::kResourceExhausted,
                 "no inotify instance to watch " + folder + ": " +
                     std::generic_category().message(errno) +
                     "; raise the sysctl fs.inotify.max_user_instances or the limit on open files");
  FolderEvents out(std::move(folder), std::move(fd));
  out.Renew();
  return out;
}

bool FolderEvents::Take() {
  alignas(inotify_event) std::array<char, 16'384> buffer{};
  const ssize_t count = ::read(fd_.get(), buffer.data(), buffer.size());
  bool concerned = false;
  std::size_t at = 0;
  while (count > 0 && at + sizeof(inotify_event) <= static_cast<std::size_t>(count)) {
    inotify_event event{};
    std::memcpy(&event, buffer.data() + at, sizeof event);
    const char* const name = buffer.data() + at + sizeof event;
    concerned |= Concerns(event.wd, event.mask, {name, ::strnlen(name, event.len)});
    at += sizeof event + event.len;
  }
  return concerned;
}

bool FolderEvents::Concerns(int watch, std::uint32_t mask, std::string_view name) const {
  if ((mask & IN_Q_OVERFLOW) != 0) return true;
  if (name.empty()) return (mask & IN_IGNORED) == 0;
  if (watch == folder_watch_ && IsOperatorFileName(name)) return true;
  return watch == parent_watch_ && name == awaited_;
}

void FolderEvents::Renew() {
  const int folder = ::inotify_add_watch(fd_.get(), folder_.c_str(), kFolderMask);
  namespace fs = std::filesystem;
  fs::path below = fs::path(folder_).lexically_normal();
  if (!below.has_filename()) below = below.parent_path();
  int parent = -1;
  while (parent < 0 && below.has_relative_path()) {
    const fs::path above = below.parent_path();
    parent = ::inotify_add_watch(fd_.get(), above.empty() ? "." : above.c_str(),
                                 kParentMask | IN_MASK_ADD);
    awaited_ = below.filename().string();
    below = above;
  }
  for (const int old : {folder_watch_, parent_watch_})
    if (old >= 0 && old != folder && old != parent) (void)::inotify_rm_watch(fd_.get(), old);
  folder_watch_ = folder;
  parent_watch_ = parent;
}

}  // namespace surety
