#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "agent/issuance/disk_writes.h"
#include "surety/result.h"
#include "surety/secret_bytes.h"
#include "surety/unique_fd.h"

namespace surety {

/// A folder that holds files of the authority's, <state_dir>/authority or
/// <state_dir>/crl. Owned by the daemon's uid with mode 0700, its files 0600; both
/// checked at every open, and no symbolic link is followed in it. One process has
/// it at a time. Not thread-safe.
class AuthorityFolder {
 public:
  /// Opens the folder, making it and `state_dir` (whose parent must exist) where
  /// they are missing, takes the lock for as long as the object lives, and
  /// removes what a write that was cut off has left behind. kPermissionDenied:
  /// another owner, a mode that lets others in, a symbolic link, no access.
  /// kAlreadyExists: another daemon holds the lock. `disk` outlives the folder.
  static Result<AuthorityFolder> Open(const std::string& state_dir, DiskWrites& disk,
                                      const std::string& name = "authority");

  /// The whole file. kNotFound if there is none, kPermissionDenied if others may
  /// read it, kResourceExhausted above `max_bytes`.
  Result<SecretBytes> Read(const std::string& name, std::size_t max_bytes) const;

  /// Puts a file in place, whole or not at all, also if the machine loses power
  /// meanwhile; on success it is on the disk. On failure the file may be the old
  /// one or the new one.
  Result<void> Replace(const std::string& name, std::span<const std::uint8_t> bytes);

  Result<void> Remove(const std::string& name);

  /// The names that end in `suffix`, sorted.
  Result<std::vector<std::string>> List(std::string_view suffix) const;

  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] std::string PathOf(const std::string& name) const { return path_ + "/" + name; }

 private:
  AuthorityFolder(std::string path, UniqueFd dir, DiskWrites& disk)
      : path_(std::move(path)), dir_(std::move(dir)), disk_(&disk) {}
  Result<void> Lock();
  Result<void> WriteTemporary(const std::string& name, std::span<const std::uint8_t> bytes);
  Result<void> RemoveTemporaries();

  std::string path_;
  UniqueFd dir_;
  UniqueFd lock_;
  DiskWrites* disk_;
};

}  // namespace surety
