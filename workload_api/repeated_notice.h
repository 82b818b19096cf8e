#pragma once

#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "surety/audit.h"
#include "surety/clock.h"

namespace surety {

/// A notice in the record about something that a caller does as often as he likes: the
/// first at once, then at most one in ten seconds, with the last one's details and the
/// number of all. The record outlives this. Thread-safe.
class RepeatedNotice {
 public:
  static constexpr Seconds kBetween{10};
  using Details = std::vector<std::pair<std::string, std::string>>;

  RepeatedNotice(std::string what, NoticeSeverity severity, AuditLog& audit, const Clock& clock)
      : what_(std::move(what)), severity_(severity), audit_(audit), clock_(clock) {}

  /// True if it was told now, and not put off.
  bool Tell(Details details);
  /// Tells of what has waited. Called about once a second.
  void Tick();

 private:
  bool TellIfDue();

  const std::string what_;
  const NoticeSeverity severity_;
  AuditLog& audit_;
  const Clock& clock_;
  std::mutex mutex_;
  std::optional<BootTime> told_;  // By mutex_, as all that follows.
  Details last_;
  std::uint64_t untold_ = 0;
};

}  // namespace surety
