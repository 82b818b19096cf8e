// The folders that the daemon writes to.

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include <cerrno>
#include <filesystem>
#include <optional>
#include <system_error>

#include "agent/doctor/checks.h"

namespace surety {
namespace {

constexpr mode_t kForOthers = S_IRWXG | S_IRWXO;
constexpr std::uint64_t kTooLittle = std::uint64_t{1} << 20;
constexpr std::uint64_t kLittle = std::uint64_t{64} << 20;
constexpr std::size_t kMostFilesSeen = 10'000;

/// Whose files they must be.
struct Place {
  std::string check;
  uid_t uid;
};

std::string Octal(mode_t mode) {
  std::string digits;
  for (int shift = 9; shift >= 0; shift -= 3)
    digits += static_cast<char>('0' + ((mode >> static_cast<unsigned>(shift)) & 7U));
  return digits;
}

std::optional<Finding> OwnerOrMode(const Place& place, const std::string& path,
                                   const struct stat& file) {
  const bool folder = S_ISDIR(file.st_mode);
  if (file.st_uid != place.uid)
    return Broken(place.check,
                  path + " belongs to uid " + std::to_string(file.st_uid) +
                      ", and the daemon's is " + std::to_string(place.uid) +
                      ": it does not start with it",
                  "chown " + std::to_string(place.uid) + " " + path +
                      ", or, if the daemon runs as somebody else, name them with --user");
  const mode_t wanted = folder ? S_IRWXU : S_IRUSR | S_IWUSR;
  const bool open = (file.st_mode & kForOthers) != 0;
  if (!open && (file.st_mode & wanted) == wanted) return std::nullopt;
  return Broken(place.check,
                path + " has the mode " + Octal(file.st_mode) +
                    (open ? ", which lets others at the daemon's keys and records"
                          : ", with which the daemon cannot write to it"),
                "chmod " + Octal(wanted) + " " + path);
}

// The first thing in the folder that is not the daemon's alone.
std::optional<Finding> LookInside(const Place& place, const std::string& path) {
  std::error_code failed;
  std::filesystem::recursive_directory_iterator at(path, failed);
  for (std::size_t seen = 0;
       !failed && at != std::filesystem::recursive_directory_iterator() && seen < kMostFilesSeen;
       ++seen, at.increment(failed)) {
    struct stat file {};
    if (::lstat(at->path().c_str(), &file) != 0) continue;
    if (auto wrong = OwnerOrMode(place, at->path().string(), file)) return wrong;
  }
  if (!failed) return std::nullopt;
  return Warning(place.check, path + " cannot be looked through: " + failed.message(),
                 "run this as root");
}

Finding LookAtRoom(const std::string& check, const std::string& path) {
  struct statvfs disk {};
  if (::statvfs(path.c_str(), &disk) != 0)
    return Warning(
        check,
        "the disk of " + path + " cannot be looked at: " + std::generic_category().message(errno),
        "run this as root");
  const std::uint64_t free = std::uint64_t{disk.f_bavail} * disk.f_frsize;
  const std::string room = std::to_string(free >> 10U) + " KiB are free on the disk of " + path;
  if ((disk.f_flag & ST_RDONLY) != 0)
    return Broken(
        check,
        "the disk of " + path + " is mounted read-only: nothing is recorded, so nothing is issued",
        "mount it writable, or name another folder in the configuration");
  if (free < kTooLittle || (disk.f_files != 0 && disk.f_favail == 0))
    return Broken(check,
                  "the disk of " + path + " is full (" + room + ", " +
                      std::to_string(disk.f_favail) +
                      " inodes): nothing can be recorded, so nothing is issued",
                  "make room, and set [audit] keep_segments");
  if (free < kLittle)
    return Warning(check, "only " + room, "make room, and set [audit] keep_segments");
  return Ok(check, room);
}

Diagnosis LookAtFolder(const Place& place, const std::string& path) {
  struct stat folder {};
  if (::lstat(path.c_str(), &folder) != 0) {
    if (errno == ENOENT && std::filesystem::exists(std::filesystem::path(path).parent_path()))
      return {Warning(place.check, path + " is not there yet",
                      "the daemon makes it at its first start")};
    return {Broken(place.check,
                   path + " cannot be looked at: " + std::generic_category().message(errno),
                   "make its parent folder, or run this as root")};
  }
  if (!S_ISDIR(folder.st_mode))
    return {Broken(place.check, path + " is no folder (a link to one is not followed)",
                   "name the folder itself in the configuration")};
  if (auto wrong = OwnerOrMode(place, path, folder))
    return {*std::move(wrong), LookAtRoom(place.check + ".room", path)};
  auto inside = LookInside(place, path);
  return {inside ? *std::move(inside) : Ok(place.check, path + " is the daemon's alone"),
          LookAtRoom(place.check + ".room", path)};
}

}  // namespace

Diagnosis LookAtState(const Installation& all) {
  Diagnosis found = LookAtFolder({"state", all.uid}, all.config->state_dir);
  if (all.config->audit.dir.empty()) return found;
  for (Finding& one : LookAtFolder({"audit.folder", all.uid}, all.config->audit.dir))
    found.push_back(std::move(one));
  return found;
}

}  // namespace surety
