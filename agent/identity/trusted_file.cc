#include "agent/identity/trusted_file.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <memory>
#include <system_error>

#include "surety/unique_fd.h"

namespace surety {
namespace {

struct CloseFolder {
  void operator()(DIR* folder) const { ::closedir(folder); }
};

constexpr mode_t kWritableByOthers = S_IWGRP | S_IWOTH;

std::string TextOfErrno(int error) { return std::generic_category().message(error); }

std::string Octal(mode_t mode) {
  std::array<char, 8> text{};
  static_cast<void>(
      std::snprintf(text.data(), text.size(), "%04o", static_cast<unsigned>(mode & 07777)));
  return text.data();
}

std::string FixOfErrno(int error) {
  if (error == ENOENT) return "create it, or correct the path";
  if (error == EACCES || error == EPERM) return "let the user that suretyd runs as read it";
  return "look at the path and at the file system it is on";
}

/// Owner and mode. On a file with an ACL the group bits show the ACL's mask, so
/// nobody can be let in past this check (acl(5)).
bool IsTrusted(const struct stat& status, FileDiagnostics& diagnostics) {
  const std::string path(diagnostics.file());
  const std::string what = S_ISDIR(status.st_mode) ? "the folder" : "the file";
  bool trusted = true;
  if (status.st_uid != 0 && status.st_uid != ::geteuid()) {
    diagnostics.Error({},
                      what + " belongs to uid " + std::to_string(status.st_uid) +
                          ", who could give any identity to anyone",
                      "chown root " + path);
    trusted = false;
  }
  if ((status.st_mode & kWritableByOthers) != 0) {
    diagnostics.Error({},
                      what + " can be written by its group or by everyone (mode " +
                          Octal(status.st_mode) + "), who could give any identity to anyone",
                      "chmod go-w " + path);
    trusted = false;
  }
  return trusted;
}

bool IsHidden(std::string_view name) { return name.starts_with('.') || name.starts_with('#'); }

std::optional<UniqueFd> OpenTrusted(int flags, FileDiagnostics& diagnostics) {
  const std::string path(diagnostics.file());
  if (path.find('\0') != std::string::npos) {
    diagnostics.Error({}, "the path has a zero byte in it", "correct the path");
    return std::nullopt;
  }
  UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | flags));
  struct stat status {};
  if (!fd || ::fstat(fd.get(), &status) != 0) {
    const int error = errno;
    diagnostics.Error({}, "cannot be opened: " + TextOfErrno(error), FixOfErrno(error));
    return std::nullopt;
  }
  if (flags == 0 && !S_ISREG(status.st_mode)) {
    diagnostics.Error({}, "is not a regular file", "put a file there");
    return std::nullopt;
  }
  if (!IsTrusted(status, diagnostics)) return std::nullopt;
  return fd;
}

}  // namespace

std::optional<std::string> ReadTrustedFile(std::size_t max_bytes, FileDiagnostics& diagnostics) {
  const auto fd = OpenTrusted(0, diagnostics);
  if (!fd) return std::nullopt;
  std::string text;
  std::array<char, 65'536> chunk{};
  while (text.size() <= max_bytes) {
    const ssize_t count = ::read(fd->get(), chunk.data(), chunk.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) {
      diagnostics.Error({}, "cannot be read: " + TextOfErrno(errno),
                        "look at the file system it is on");
      return std::nullopt;
    }
    if (count == 0) return text;
    text.append(chunk.data(), static_cast<std::size_t>(count));
  }
  diagnostics.Error({}, "is larger than " + std::to_string(max_bytes) + " bytes",
                    "put less into it; entries and policies may be in several files");
  return std::nullopt;
}

std::optional<std::vector<std::string>> ListTrustedFolder(std::size_t max_files,
                                                          std::string_view suffix,
                                                          FileDiagnostics& diagnostics) {
  auto fd = OpenTrusted(O_DIRECTORY, diagnostics);
  if (!fd) return std::nullopt;
  const std::unique_ptr<DIR, CloseFolder> folder(::fdopendir(fd->get()));
  if (folder == nullptr) {
    diagnostics.Error({}, "cannot be listed: " + TextOfErrno(errno), "is it a folder?");
    return std::nullopt;
  }
  (void)fd->Release();
  std::vector<std::string> names;
  errno = 0;
  while (const dirent* item = ::readdir(folder.get())) {
    const std::string_view name(static_cast<const char*>(item->d_name));
    if (IsHidden(name) || !name.ends_with(suffix)) continue;
    if (names.size() == max_files) {
      diagnostics.Error({}, "holds more than " + std::to_string(max_files) + " files",
                        "put what belongs together into one file");
      return std::nullopt;
    }
    names.emplace_back(name);
    errno = 0;
  }
  if (errno != 0) {
    diagnostics.Error({}, "cannot be listed: " + TextOfErrno(errno),
                      "look at the file system it is on");
    return std::nullopt;
  }
  std::sort(names.begin(), names.end());
  return names;
}

bool IsOperatorFileName(std::string_view name) {
  return !IsHidden(name) && (name.ends_with(".toml") || name.ends_with(".cedar"));
}

}  // namespace surety
