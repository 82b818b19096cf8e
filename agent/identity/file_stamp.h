#pragma once

#include <string>

namespace surety {

/// Says another thing whenever the file, or the one that a link there leads to, is written,
/// replaced, removed or given another owner or mode (stat(2)). Reads nothing of it.
std::string FileStamp(const std::string& path);

}  // namespace surety
