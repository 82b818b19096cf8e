#include "attestors/exe_hasher.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/vfs.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "attestors/boot_now.h"
#include "attestors/sha256_file.h"
#include "surety/unique_fd.h"

namespace surety {
namespace {

using Hash = ExeHasher::Hash;
using Hashes = BackgroundLookup<FileIdentity, Hash>;

LookupTimes TimesOf(const ExeHashLimits& limits) {
  // A file's identity changes with its contents, so that a hash never gets old.
  constexpr std::chrono::hours kForever(24 * 365);
  return {kForever, kForever, std::chrono::milliseconds(1'000), limits.per_file};
}

ErrorCode CodeOf(int error) {
  if (error == EACCES || error == EPERM) return ErrorCode::kPermissionDenied;
  if (error == EMFILE || error == ENFILE) return ErrorCode::kResourceExhausted;
  return ErrorCode::kUnavailable;
}

Error Failed(std::string_view what, int error) {
  return {CodeOf(error), std::string(what) + ": " + std::strerror(error) +
                             (error == EACCES ? " (CAP_DAC_READ_SEARCH is needed)" : "")};
}

Result<void> CheckUnchanged(int fd, const FileIdentity& file) {
  const auto now = LookAtFile(fd, MountIdKind::kListed);
  if (!now) return now.error();
  if (now->identity == file) return {};
  return Error(ErrorCode::kUnavailable, "the executable's file changed while it was hashed");
}

// Runs on a worker. Each call here may hang if the file is on a FUSE file system.
Result<Hash> HashFile(const UniqueFd& exe, const FileIdentity& file, BootTime deadline,
                      const std::stop_token& stop) {
  struct statfs system {};
  if (::fstatfs(exe.get(), &system) != 0) return Failed("fstatfs on the executable", errno);
  if (system.f_type == FUSE_SUPER_MAGIC) return Hash();

  const std::string name = "/proc/self/fd/" + std::to_string(exe.get());
  const UniqueFd readable(::open(name.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (!readable) return Failed("opening the executable", errno);
  if (const auto same = CheckUnchanged(readable.get(), file); !same) return same.error();
  auto hex = Sha256OfFile(readable.get(), file.size, deadline, stop);
  if (!hex) return hex.error();
  if (const auto same = CheckUnchanged(readable.get(), file); !same) return same.error();
  return Hash(*std::move(hex));
}

}  // namespace

ExeHasher::ExeHasher(ExeHashLimits limits, Hashes::Now now)
    : limits_(limits),
      pool_(std::make_shared<WorkerPool>(limits.workers)),
      hashes_("hashing the executable", pool_, TimesOf(limits), limits.cached, std::move(now)) {}

Result<Hash> ExeHasher::Sha256(int exe, const FileIdentity& file, uid_t share,
                               BootClock::duration patience) {
  if (file.size > limits_.max_bytes) return Hash();
  return hashes_.Get(file, share, patience, [&]() -> Result<Hashes::Compute> {
    if (!file.SettledBy(std::chrono::system_clock::now()))
      return Error(ErrorCode::kUnavailable, "the executable's file was changed a moment ago");
    // std::function must be copyable, a descriptor is not.
    const auto own = std::make_shared<const UniqueFd>(::fcntl(exe, F_DUPFD_CLOEXEC, 0));
    if (!*own) return Failed("duplicating a descriptor", errno);
    return Hashes::Compute([own, file, per_file = limits_.per_file](const std::stop_token& stop) {
      return HashFile(*own, file, BootNow() + per_file, stop);
    });
  });
}

}  // namespace surety
