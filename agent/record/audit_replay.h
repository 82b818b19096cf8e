#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "agent/record/audit_hash.h"
#include "agent/record/audit_record.h"
#include "agent/record/log_cursor.h"
#include "surety/clock.h"
#include "surety/result.h"

namespace surety {

/// Which records are wanted. What can be told from the bytes of a line is told
/// before it is parsed, so that a few records are found fast in a large log.
struct ReplayFrom {
  std::uint64_t seq = 1;           ///< The first line of interest.
  std::optional<WallTime> time{};  ///< Records before it are left out.
  /// Only lines that have one of these texts, as JSON, somewhere; empty: all.
  std::vector<std::string> containing{};
};

struct ReplayReport {
  std::uint64_t records = 0;   ///< That were wanted and given.
  std::uint64_t damaged = 0;   ///< Lines that were changed, or are not understood.
  std::uint64_t last_seq = 0;  ///< The last line that was read, wanted or not.
};

/// Reads records one after the other, each as it was written; damaged lines are
/// passed over. Goes on as the log grows. Not thread-safe.
class AuditReplay {
 public:
  /// kNotFound or kPermissionDenied if the folder cannot be opened, kInternal if
  /// the library has no SHA-256.
  static Result<AuditReplay> Open(const std::string& folder, const ReplayFrom& from);

  /// The next record. nullopt at the end of what there is now. An Error is of reading.
  Result<std::optional<AuditRecord>> Next();

  /// As Next, but leaves the line as it is; empty at the end.
  Result<std::string_view> NextLine();

  /// The line, without newline, that was given last; until the next call.
  [[nodiscard]] std::string_view line() const { return line_; }
  [[nodiscard]] const ReplayReport& report() const { return report_; }

 private:
  AuditReplay(UniqueFd dir, const std::string& folder, const ReplayFrom& from, AuditHasher hasher);
  bool Wants(std::string_view line);

  UniqueFd dir_;
  std::unique_ptr<LogCursor> cursor_;
  AuditHasher hasher_;
  ReplayFrom from_;
  std::string from_time_;  // As it stands in a line; empty: any.
  std::string_view line_;
  ReplayReport report_;
};

/// Gives each record to `take` until it returns false or there are no more. For
/// the daemon's start, which learns again from the log what its database has not
/// stored yet. Errors as of AuditReplay; a log that is not there is kNotFound.
Result<ReplayReport> ReplayAudit(const std::string& folder, const ReplayFrom& from,
                                 const std::function<bool(const AuditRecord&)>& take);

}  // namespace surety
