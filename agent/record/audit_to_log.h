#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>

#include "surety/audit.h"

namespace spdlog {
class logger;
}

namespace surety {

/// Writes each decision as one line of the daemon's log: what was decided, of
/// whom, why, what was issued and what had drifted. Drift and refusals are
/// warnings, the rest is information. Never fails.
class AuditToLog final : public AuditLog {
 public:
  explicit AuditToLog(std::shared_ptr<spdlog::logger> logger) : logger_(std::move(logger)) {}
  Result<std::string> Write(const AuditEvent& event) override;
  Result<void> Note(const AuditNotice& notice) override;

 private:
  std::atomic<std::uint64_t> decisions_ = 0;
  const std::shared_ptr<spdlog::logger> logger_;
};

}  // namespace surety
