#pragma once

#include <string>

namespace surety {

// Paths are compared as they are written, with ".", ".." and double slashes
// resolved: whether links make two of them one is for the file system to say.

/// Whether both name one file.
bool SamePath(const std::string& one, const std::string& other);

/// Whether both name one folder: with or without a slash at the end.
bool SameFolder(const std::string& one, const std::string& other);

/// Whether `path` is in `folder` or anywhere below it.
bool IsBelow(const std::string& path, const std::string& folder);

}  // namespace surety
