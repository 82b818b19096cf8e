#pragma once

#include <sys/stat.h>

#include <string>

#include "surety/result.h"
#include "surety/unique_fd.h"

namespace surety {

/// Opens a folder that must be this uid's alone (mode 0700), relative to the
/// folder `parent`; makes it if it is missing, and then its name is on the disk
/// too. No symbolic link is followed in the last part of `name`, which does not
/// end in '/'. `path` names it in errors. kPermissionDenied: another owner, a
/// mode that lets others in, a symbolic link, no access; kNotFound, kUnavailable.
Result<UniqueFd> OpenOwnFolder(int parent, const std::string& name, const std::string& path);

/// What fstat(2) says of an open file or folder, if it is this uid's and closed
/// to all others; kPermissionDenied otherwise, which names `mode` as the remedy.
Result<struct stat> CheckOwner(int fd, const std::string& path, const char* mode);

/// Why open(2) failed just now (errno): kNotFound, kPermissionDenied (also for a
/// symbolic link), kUnavailable.
Error OpenFailed(const std::string& path);

}  // namespace surety
