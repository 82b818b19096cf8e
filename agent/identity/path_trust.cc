#include "agent/identity/path_trust.h"

#include <sys/stat.h>

#include <algorithm>

#include "agent/identity/diagnostic.h"

namespace surety {
namespace {

std::optional<std::string> WhyWeak(const struct stat& seen) {
  if (seen.st_uid != 0) return " belongs to uid " + std::to_string(seen.st_uid);
  if ((seen.st_mode & S_IWOTH) != 0) return " can be written by everyone";
  if ((seen.st_mode & S_IWGRP) != 0 && seen.st_gid != 0)
    return " can be written by the group " + std::to_string(seen.st_gid);
  return std::nullopt;
}

}  // namespace

std::optional<std::string> WhoCanReplace(const std::string& path) {
  struct stat seen {};
  if (!path.starts_with('/') || ::stat(path.c_str(), &seen) != 0) return std::nullopt;
  // Each part ends before a '/' or at the end.
  for (std::size_t end = 1; end <= path.size();
       end = end == path.size() ? end + 1 : std::min(path.size(), path.find('/', end + 1))) {
    const std::string part = path.substr(0, end);
    if (::stat(part.c_str(), &seen) != 0) return std::nullopt;
    if (const auto why = WhyWeak(seen)) return Quoted(part) + *why;
  }
  return std::nullopt;
}

}  // namespace surety
