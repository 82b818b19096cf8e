#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "surety/result.h"
#include "surety/unique_fd.h"

namespace surety {

/// Everything that the authority does to the disk after a folder is open, one
/// system call each, so that tests can fail or die between any two of them
/// (tests/fakes/failing_disk.h). Names are relative to the folder `dir`.
/// Errors are kUnavailable and name the call, the file and the cause.
class DiskWrites {
 public:
  virtual ~DiskWrites() = default;
  /// A new file of mode 0600; fails if the name is taken.
  virtual Result<UniqueFd> Create(int dir, const std::string& name);
  virtual Result<void> Write(int fd, std::span<const std::uint8_t> bytes, const std::string& name);
  /// Lets everyone read the file: mode 0644, whatever the umask.
  virtual Result<void> LetAllRead(int fd, const std::string& name);
  /// Waits until file or folder is on the disk (fsync(2)).
  virtual Result<void> Sync(int fd, const std::string& name);
  virtual Result<void> Rename(int dir, const std::string& from, const std::string& to);
  virtual Result<void> Remove(int dir, const std::string& name);
};

}  // namespace surety
