#include "agent/identity/file_stamp.h"

#include <sys/stat.h>

#include <cstdint>

namespace surety {

std::string FileStamp(const std::string& path) {
  struct stat found {};
  if (::stat(path.c_str(), &found) != 0) return "absent";
  std::string stamp;
  for (const auto part :
       {static_cast<std::uint64_t>(found.st_dev), static_cast<std::uint64_t>(found.st_ino),
        static_cast<std::uint64_t>(found.st_size), static_cast<std::uint64_t>(found.st_ctim.tv_sec),
        static_cast<std::uint64_t>(found.st_ctim.tv_nsec)})
    stamp += std::to_string(part) + " ";
  return stamp;
}

}  // namespace surety
