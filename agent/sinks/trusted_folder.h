#pragma once

#include <string>

#include "surety/result.h"
#include "surety/unique_fd.h"

namespace surety {

/// Opens a folder in which nobody but root and the daemon's own user can put or rename
/// anything: it and every folder above it belong to one of them and can be written by no
/// other, but for sticky folders above, and none of them is a symbolic link. The path is
/// absolute. kPermissionDenied, kNotFound and kUnavailable name the part that is not so
/// and what to do.
Result<UniqueFd> OpenTrustedFolder(const std::string& path);

}  // namespace surety
