#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "surety/result.h"
#include "surety/unique_fd.h"

namespace surety {

/// Everything that the audit log does to the disk after its folder is open, one
/// system call each, so that tests can fail or die between any two of them
/// (tests/fakes/failing_audit_disk.h). Names are relative to the folder `dir`
/// where there is one, and else for errors only. Errors name the call, the file
/// and the cause: kResourceExhausted where there is no room (disk, quota or
/// limit on file size), kUnavailable otherwise. Thread-safe.
class AuditDisk {
 public:
  virtual ~AuditDisk() = default;
  /// A new file of mode 0600, to be appended to; fails if the name is taken.
  virtual Result<UniqueFd> Create(int dir, const std::string& name);
  /// One write(2). How many bytes were taken: at least one, perhaps not all.
  virtual Result<std::size_t> Append(int fd, std::string_view bytes, const std::string& name);
  virtual Result<void> Truncate(int fd, std::uint64_t size, const std::string& name);
  /// Waits until a file's content, or the names in a folder, are on the disk
  /// (fdatasync(2)).
  virtual Result<void> Sync(int fd, const std::string& name);
  virtual Result<void> Rename(int dir, const std::string& from, const std::string& to);
  virtual Result<void> Remove(int dir, const std::string& name);
};

/// Appends all of `bytes` with as many calls as it takes. On an error a part may
/// be in the file.
Result<void> AppendAll(AuditDisk& disk, int fd, std::string_view bytes, const std::string& name);

}  // namespace surety
