#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>

#include "agent/record/audit_replay.h"
#include "surety/clock.h"
#include "surety/result.h"

namespace surety {

/// What the audit log says of the last moments. Bounded, however much that is.
class TopEvents {
 public:
  static constexpr Seconds kSpan{10};
  static constexpr std::size_t kMostKept = 64;

  explicit TopEvents(std::string folder) : folder_(std::move(folder)) {}

  /// Reads what is new, at first from a little before line `newest`. On an error, which is
  /// of reading, the next call begins again.
  Result<void> Read(std::uint64_t newest, WallTime now);

  /// Decisions a second of this verdict within the last kSpan.
  [[nodiscard]] double RateOf(Verdict verdict) const;
  /// One line each, the newest last, escaped: what was not simply allowed, and notices.
  [[nodiscard]] const std::deque<std::string>& lines() const { return lines_; }

 private:
  using Counts = std::array<std::uint64_t, 4>;
  void Take(const AuditRecord& record);

  std::string folder_;
  std::optional<AuditReplay> replay_;
  std::map<std::int64_t, Counts> seconds_;  // By Unix time.
  std::deque<std::string> lines_;
};

}  // namespace surety
