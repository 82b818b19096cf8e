#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "agent/record/audit_folder.h"
#include "agent/record/checkpoint.h"
#include "surety/result.h"
#include "surety/unique_fd.h"

namespace surety {

/// The public keys that the folder of a log holds, of files that are what Surety
/// writes; others are as if they were not there. kUnavailable if the folder
/// cannot be read.
Result<std::vector<CheckpointPublicKey>> LoadPublicKeys(int dir, const std::string& folder_path);

/// Whether one of the keys signed the checkpoint in `text`.
bool IsSignedByAny(const std::vector<CheckpointPublicKey>& keys, std::string_view text);

/// The file "checkpoints", one a line, as the daemon has it. Not thread-safe.
/// Each call is given the folder that it was opened with.
class CheckpointFile {
 public:
  /// Makes the file if it is missing, and cuts off a line that is not whole.
  static Result<CheckpointFile> Open(const AuditFolder& folder);

  /// The last line when the file was opened; empty if there was none.
  [[nodiscard]] const std::string& last_at_start() const { return last_at_start_; }

  /// Adds a line and brings it to the disk. On an Error it is not there.
  Result<void> Append(const AuditFolder& folder, std::string_view checkpoint);

  /// Keeps those of lines from `seq` on. On an Error the file is as before.
  Result<void> DropBefore(const AuditFolder& folder, std::uint64_t seq);

 private:
  explicit CheckpointFile(UniqueFd file) : file_(std::move(file)) {}
  Result<void> FindEnd(const AuditFolder& folder);
  Result<void> CopyFrom(const AuditFolder& folder, std::uint64_t seq, int to,
                        std::uint64_t& size) const;

  UniqueFd file_;
  std::uint64_t size_ = 0;
  std::string last_at_start_;
};

}  // namespace surety
