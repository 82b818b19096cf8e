#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "attestors/background_lookup.h"
#include "attestors/file_identity.h"
#include "attestors/worker_pool.h"
#include "surety/result.h"

namespace surety {

struct ExeHashLimits {
  std::uint64_t max_bytes = 512ULL << 20U;     ///< A larger executable is not hashed.
  std::chrono::milliseconds per_file{30'000};  ///< A read that takes longer is given up.
  std::size_t cached = 4096;                   ///< Hashes remembered.
  WorkerPool::Limits workers;
};

/// SHA-256 of executables, worked out in the background and remembered for as
/// long as the file keeps its identity. Thread-safe.
class ExeHasher {
 public:
  using Hash = std::optional<std::string>;  ///< 64 lower-case hex digits.

  ExeHasher(ExeHashLimits limits, BackgroundLookup<FileIdentity, Hash>::Now now);

  /// `exe` is an O_PATH descriptor of the file, `file` what LookAtFile said of
  /// it; the work is done on a descriptor of its own, for the account of `share`.
  /// nullopt when a hash would prove nothing, and will not another time: the file
  /// is larger than max_bytes, or lies on a FUSE file system, whose owner can
  /// give one content to us and another to the process. Errors: kUnavailable
  /// (still hashing, just changed, or changed meanwhile), kDeadline (cannot be
  /// read in time), kPermissionDenied (not readable; CAP_DAC_READ_SEARCH),
  /// kResourceExhausted (out of descriptors). Waits `patience` at most.
  Result<Hash> Sha256(int exe, const FileIdentity& file, uid_t share, BootClock::duration patience);

  void Forget(const FileIdentity& file, uid_t share) { hashes_.Forget(file, share); }

 private:
  const ExeHashLimits limits_;
  const std::shared_ptr<WorkerPool> pool_;
  BackgroundLookup<FileIdentity, Hash> hashes_;
};

}  // namespace surety
