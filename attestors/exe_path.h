#pragma once

#include <sys/types.h>

#include <memory>
#include <string>
#include <utility>

#include "attestors/background_lookup.h"
#include "attestors/file_identity.h"
#include "attestors/host_view.h"
#include "attestors/worker_pool.h"
#include "surety/result.h"

namespace surety {

/// The name that the kernel prints for an open file (d_path in the kernel), with
/// " (deleted)" still behind it where the file has no name left. Does not touch
/// the file. kUnavailable if it is longer than a path can be.
Result<std::string> NameOfOpenFile(int fd);

/// Checks that a path leads to a file. The kernel prints a path as it is in the
/// mount namespace that the file was opened in, and users may make a mount
/// namespace in which any path is any file of theirs: "/usr/bin/web" means
/// something only if the host's /usr/bin/web is this very file.
///
/// Looks without leaving the kernel's caches (openat2, RESOLVE_CACHED), which
/// hold all names of a file in use; where they do not, such as on a network file
/// system, a worker looks. Thread-safe.
class PathCheck {
 public:
  PathCheck(std::shared_ptr<const UniqueFd> root, BackgroundLookup<std::string, bool>::Now now);

  /// Whether `path`, from the host's root, is the file `file`. kUnavailable while
  /// that is worked out. Waits `patience` at most.
  Result<bool> LeadsTo(const std::string& path, const FileIdentity& file, uid_t share,
                       BootClock::duration patience);

  void Forget(const std::string& path, const FileIdentity& file, uid_t share);

 private:
  const std::shared_ptr<const UniqueFd> root_;
  BackgroundLookup<std::string, bool> slow_;
};

}  // namespace surety
