#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "surety/result.h"
#include "surety/unique_fd.h"

namespace surety {

// The files in the folder of the audit log.

inline constexpr const char* kCheckpointsFile = "checkpoints";
inline constexpr const char* kCheckpointKeyFile = "checkpoint.key";
inline constexpr const char* kAuditLockFile = "lock";

/// "audit-00000000000000000001.jsonl": the number of its first line, so that
/// names sort as the lines do.
std::string SegmentName(std::uint64_t first_seq);
/// nullopt if it is not the name of a segment.
std::optional<std::uint64_t> FirstSeqOf(std::string_view segment_name);

/// "checkpoint-<16 hex>.pub" of a key's id.
std::string PublicKeyName(std::string_view key_id);
bool IsPublicKeyName(std::string_view name);

/// The names in a folder for which `is` holds, sorted. `path` is for errors.
Result<std::vector<std::string>> ListNames(int dir, const std::string& path,
                                           bool (*is)(std::string_view));
Result<std::vector<std::string>> ListSegments(int dir, const std::string& path);

/// A regular file of the folder, for reading; no symbolic link is followed and
/// no FIFO waited for. kNotFound, kPermissionDenied, kUnavailable.
Result<UniqueFd> OpenForReading(int dir, const std::string& folder_path, const std::string& name);

/// The whole of such a file; kResourceExhausted above `max_bytes`.
Result<std::string> ReadSmallFile(int dir, const std::string& folder_path, const std::string& name,
                                  std::size_t max_bytes);

}  // namespace surety
