#include "agent/issuance/secret_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <system_error>
#include <utility>
#include <vector>

#include "surety/unique_fd.h"

namespace surety {
namespace {

constexpr mode_t kNotWritableByOthers = S_IWGRP | S_IWOTH;
constexpr mode_t kNotForOthers = S_IRWXG | S_IRWXO;
constexpr mode_t kOnlyThroughList = S_IWGRP | S_IXGRP | S_IRWXO;
constexpr gid_t kRootsGroup = 0;
constexpr std::size_t kLongestPin = 255;

Error NotTaken(const std::string& path, const std::string& why) {
  return {ErrorCode::kInvalidArgument, path + ": " + why};
}

mode_t ForbiddenOf(FileSecrecy secrecy, gid_t group) {
  if (secrecy == FileSecrecy::kPublic) return kNotWritableByOthers;
  // Nobody is in that group: what may be read is read through the list.
  const bool through_list = secrecy == FileSecrecy::kCredential && group == kRootsGroup;
  return through_list ? kOnlyThroughList : kNotForOthers;
}

Result<void> CheckGuarded(const struct stat& found, const std::string& path, FileSecrecy secrecy,
                          std::size_t max_bytes) {
  if (!S_ISREG(found.st_mode)) return NotTaken(path, "not a regular file");
  if (found.st_uid != 0 && found.st_uid != ::geteuid()) {
    return Error(ErrorCode::kPermissionDenied,
                 path + ": belongs to uid " + std::to_string(found.st_uid) +
                     "; it must be root's or the daemon's own (chown)");
  }
  if ((found.st_mode & ForbiddenOf(secrecy, found.st_gid)) != 0) {
    return Error(ErrorCode::kPermissionDenied,
                 path + (secrecy == FileSecrecy::kPublic
                             ? ": can be written by other users (chmod 0644)"
                             : ": holds a secret and is open to other users (chmod 0600)"));
  }
  if (static_cast<std::size_t>(found.st_size) > max_bytes) {
    return NotTaken(path, "larger than " + std::to_string(max_bytes) + " bytes");
  }
  return {};
}

}  // namespace

Result<SecretBytes> ReadGuardedFile(const std::string& path, FileSecrecy secrecy,
                                    std::size_t max_bytes) {
  const auto cause = [] { return std::generic_category().message(errno); };
  const UniqueFd file(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
  struct stat found {};
  if (!file || ::fstat(file.get(), &found) != 0)
    return NotTaken(path, "cannot be read: " + cause());
  if (auto fine = CheckGuarded(found, path, secrecy, max_bytes); !fine) return fine.error();
  std::vector<std::uint8_t> bytes(static_cast<std::size_t>(found.st_size));
  const ssize_t got = ::read(file.get(), bytes.data(), bytes.size());
  SecretBytes content(std::move(bytes));
  if (got != static_cast<ssize_t>(found.st_size)) return NotTaken(path, "cannot be read whole");
  return content;
}

Result<SecretBytes> ReadPin(const std::string& path, FileSecrecy secrecy) {
  const auto whole = ReadGuardedFile(path, secrecy, kLongestPin + 2);
  if (!whole) return whole.error();
  auto pin = whole->Reveal();
  for (const char end : {'\n', '\r'})
    if (!pin.empty() && pin.back() == end) pin = pin.first(pin.size() - 1);
  if (pin.empty() || pin.size() > kLongestPin || std::ranges::count(pin, 0) != 0)
    return NotTaken(path, "is no PIN: one line of at most 255 bytes");
  return SecretBytes(pin);
}

}  // namespace surety
