#pragma once

#include <cstddef>
#include <string>

#include "surety/result.h"
#include "surety/secret_bytes.h"

namespace surety {

/// Who else may do what with a file.
enum class FileSecrecy {
  kPublic,  ///< Others may read it.
  kSecret,  ///< Nobody else may.
  /// One of systemd's credentials: where an access control list lets our user read it, the
  /// mask of that list stands in the place of the group's permissions.
  kCredential,
};

/// The whole of a regular file that is root's or our own. Refused, with path and reason: one
/// that others may write, or, of a secret one, read; one that is larger than `max_bytes`.
/// Never blocks on a FIFO or a device.
Result<SecretBytes> ReadGuardedFile(const std::string& path, FileSecrecy secrecy,
                                    std::size_t max_bytes);

/// The PIN in a file, without the end of its line; 1 to 255 bytes.
Result<SecretBytes> ReadPin(const std::string& path, FileSecrecy secrecy);

}  // namespace surety
