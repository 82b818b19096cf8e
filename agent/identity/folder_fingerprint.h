#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace surety {

/// What stat(2) says of a folder and of the files in it that operators write. Two that are
/// equal mean that nothing there was written in between.
struct FolderFingerprint {
  std::vector<std::int64_t> facts;  ///< Empty if there is no such folder.
  std::vector<std::string> names;   ///< Sorted; at most one more than may be read.
  bool operator==(const FolderFingerprint&) const = default;
};

/// Follows symbolic links, so that a change of what they lead to is seen. Reads
/// no file and never fails: what cannot be looked at is left out.
FolderFingerprint FingerprintOf(const std::string& folder);

}  // namespace surety
