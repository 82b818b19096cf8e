#include "attestors/file_identity.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <cerrno>
#include <cstring>

namespace surety {
namespace {

constexpr unsigned kStatxMountIdUnique = 0x4000U;  // linux/stat.h since 6.8.

std::int64_t Nanoseconds(const statx_timestamp& time) {
  constexpr std::int64_t kPerSecond = 1'000'000'000;
  std::int64_t out = 0;
  // A file system may hold a time that no 64-bit count of nanoseconds reaches.
  if (__builtin_mul_overflow(time.tv_sec, kPerSecond, &out) ||
      __builtin_add_overflow(out, static_cast<std::int64_t>(time.tv_nsec), &out))
    return INT64_MAX;
  return out;
}

std::optional<FileFacts> Look(int fd, const char* name, int flags, MountIdKind mount_id) {
  const unsigned wanted_id =
      mount_id == MountIdKind::kUnique ? kStatxMountIdUnique : unsigned{STATX_MNT_ID};
  struct statx seen {};
  if (::statx(fd, name, flags | AT_STATX_DONT_SYNC, STATX_BASIC_STATS | wanted_id, &seen) != 0)
    return std::nullopt;
  FileFacts facts;
  facts.identity = {makedev(seen.stx_dev_major, seen.stx_dev_minor), seen.stx_ino,
                    Nanoseconds(seen.stx_ctime), Nanoseconds(seen.stx_mtime), seen.stx_size};
  facts.links = seen.stx_nlink;
  if ((seen.stx_mask & wanted_id) != 0) facts.mount_id = seen.stx_mnt_id;
  return facts;
}

}  // namespace

bool FileIdentity::SettledBy(WallTime now) const {
  using std::chrono::milliseconds;
  using std::chrono::nanoseconds;
  // CONFIG_HZ=100 ticks every 10 ms. No fraction at all: stamped in whole seconds.
  const bool coarse = changed_ns % 1'000'000'000 == 0;
  const nanoseconds wait = coarse ? milliseconds(2'100) : milliseconds(20);
  const nanoseconds age = now.time_since_epoch() - nanoseconds(changed_ns);
  // A time ahead of ours comes from another clock or an administrator's hand.
  return age >= wait || age < -milliseconds(2'100);
}

Result<FileFacts> LookAtFile(int fd, MountIdKind mount_id) {
  if (const auto facts = Look(fd, "", AT_EMPTY_PATH, mount_id)) return *facts;
  return Error(ErrorCode::kUnavailable, "statx: " + std::string(std::strerror(errno)));
}

std::optional<FileFacts> LookAtLinked(int directory, const char* name, MountIdKind mount_id) {
  return Look(directory, name, 0, mount_id);
}

}  // namespace surety
