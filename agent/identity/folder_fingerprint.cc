#include "agent/identity/folder_fingerprint.h"

#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <utility>

#include "agent/identity/entries_folder.h"
#include "agent/identity/trusted_file.h"

namespace surety {
namespace {

void Append(const std::string& path, std::vector<std::int64_t>& facts) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) return;
  facts.insert(
      facts.end(),
      {static_cast<std::int64_t>(status.st_dev), static_cast<std::int64_t>(status.st_ino),
       static_cast<std::int64_t>(status.st_size), status.st_ctim.tv_sec, status.st_ctim.tv_nsec});
}

}  // namespace

FolderFingerprint FingerprintOf(const std::string& folder) {
  FolderFingerprint out;
  std::error_code failed;
  std::filesystem::directory_iterator item(folder, failed);
  while (!failed && item != std::filesystem::directory_iterator() &&
         out.names.size() <= kMaxEntryFiles) {
    if (std::string name = item->path().filename().string(); IsOperatorFileName(name))
      out.names.push_back(std::move(name));
    item.increment(failed);
  }
  std::sort(out.names.begin(), out.names.end());
  Append(folder, out.facts);
  for (const std::string& name : out.names) Append(folder + "/" + name, out.facts);
  return out;
}

}  // namespace surety
