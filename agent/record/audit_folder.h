#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "agent/record/audit_disk.h"
#include "surety/result.h"
#include "surety/secret_bytes.h"
#include "surety/unique_fd.h"

namespace surety {

/// The folder of the audit log, as the daemon has it: this uid's alone (0700,
/// files 0600), no symbolic link followed in it, one writer at a time. Readers
/// take no lock. Not thread-safe, except for what is const.
class AuditFolder {
 public:
  /// Opens the folder, makes it if it is missing (its parent must exist), takes
  /// the lock for as long as the object lives, and removes what a replacement
  /// that was cut off has left behind. kPermissionDenied: another owner, a mode
  /// that lets others in, a symbolic link. kAlreadyExists: another daemon holds
  /// the lock. `disk` outlives the folder.
  static Result<AuditFolder> Open(const std::string& path, AuditDisk& disk);

  /// A file of ours that is there, to be appended to and read. kPermissionDenied
  /// if it is not ours alone.
  Result<UniqueFd> OpenToAppend(const std::string& name) const;

  /// The whole of a secret file. kNotFound if there is none, kPermissionDenied if
  /// others may read it, kResourceExhausted above `max_bytes`.
  Result<SecretBytes> ReadSecret(const std::string& name, std::size_t max_bytes) const;

  /// Puts a file in place, whole or not at all, also if the machine loses power
  /// meanwhile; on success it is on the disk.
  Result<void> Replace(const std::string& name, std::string_view bytes);

  [[nodiscard]] Result<std::vector<std::string>> Segments() const;
  [[nodiscard]] int dir() const { return dir_.get(); }
  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] std::string PathOf(const std::string& name) const { return path_ + "/" + name; }
  [[nodiscard]] AuditDisk& disk() const { return *disk_; }

 private:
  AuditFolder(std::string path, UniqueFd dir, AuditDisk& disk)
      : path_(std::move(path)), dir_(std::move(dir)), disk_(&disk) {}
  Result<void> Lock();
  Result<void> RemoveTemporaries();

  std::string path_;
  UniqueFd dir_;
  UniqueFd lock_;
  AuditDisk* disk_;
};

/// Whether a daemon is writing to the log whose folder is open as `dir`, asked
/// without getting in its way (F_OFD_GETLK, fcntl(2)).
bool HasWriter(int dir);

}  // namespace surety
