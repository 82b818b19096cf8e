#pragma once

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <string>

#include "attestors/background_lookup.h"
#include "attestors/file_identity.h"
#include "surety/result.h"
#include "surety/unique_fd.h"

namespace surety {

/// Tells an upgraded package from a deleted file: whether the name that a deleted
/// executable had leads on the host to another file that only root can have put
/// there. That is so if it is a regular file and each folder on the way is a real
/// one (no symbolic link), all of them owned by root and not writable by group or
/// others, and it lies on the device of the deleted file.
///
/// Only for processes that are in no container: elsewhere a name is not the host's.
/// Thread-safe; looked up by workers, since any file system may be slow.
class ReplacedCheck {
 public:
  /// `root` is the host's; null: nothing can be told.
  ReplacedCheck(std::shared_ptr<const UniqueFd> root, BackgroundLookup<std::string, bool>::Now now);

  /// `path` is the name of the deleted file `file`. kUnavailable while that is
  /// worked out. Waits `patience` at most.
  Result<bool> IsReplaced(const std::string& path, const FileIdentity& file, uid_t share,
                          BootClock::duration patience);

  void Forget(const std::string& path, const FileIdentity& file, uid_t share);

 private:
  const std::shared_ptr<const UniqueFd> root_;
  BackgroundLookup<std::string, bool> lookup_;
};

}  // namespace surety
