#pragma once

#include <sys/types.h>

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "surety/result.h"
#include "surety/unique_fd.h"

namespace surety {

/// A folder into which a set of files is written: first all of them beside the
/// old ones and onto the disk, then each into its place by rename(2). Whoever
/// reads meets whole files only, and if the disk is full the old ones stay.
///
/// Errors: kNotFound (no parent folder), kPermissionDenied (not ours to write
/// in, or any user could swap our files), kResourceExhausted (disk full),
/// kInvalidArgument (not a folder), else kInternal; all name the file.
class OutputFolder {
 public:
  /// Makes the folder, 0700, if it is missing; its parent must be there. Refuses
  /// one in which every user may rename files (writable by all, not sticky).
  static Result<OutputFolder> Open(const std::string& path);

  OutputFolder(OutputFolder&&) noexcept = default;
  OutputFolder(const OutputFolder&) = delete;
  OutputFolder& operator=(const OutputFolder&) = delete;
  OutputFolder& operator=(OutputFolder&&) = delete;
  /// Removes what was staged and not committed.
  ~OutputFolder();

  /// Writes `bytes` to a new file that never had a wider mode than `mode`, under
  /// a name that is taken by nobody. `name` holds no '/'.
  Result<void> Stage(std::string name, std::span<const std::uint8_t> bytes, mode_t mode);

  /// Puts all staged files in their places, in the order of staging.
  Result<void> Commit();

  /// The names of the files in the folder, sorted.
  [[nodiscard]] Result<std::vector<std::string>> Names() const;

  /// Removes one file. Nothing happens if it is not there.
  Result<void> Remove(const std::string& name);

 private:
  OutputFolder(std::string path, UniqueFd folder)
      : path_(std::move(path)), folder_(std::move(folder)) {}
  [[nodiscard]] Error Failure(std::string_view doing, const std::string& name) const;

  struct Staged {
    std::string temporary;
    std::string name;
  };
  std::string path_;
  UniqueFd folder_;
  std::vector<Staged> staged_;
};

}  // namespace surety
