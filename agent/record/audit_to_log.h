#pragma once

#include <cstdint>
#include <memory>
#include <mutex>

#include "surety/audit.h"

namespace spdlog {
class logger;
}

namespace surety {

/// Passes everything on to the real record, and tells people of what is
/// remarkable in a line of the daemon's log: refusals, challenges and drift as
/// warnings; what was issued anew and what could not be told as information;
/// nothing of turns in which nothing happened. At most 20 lines a second, then
/// one that says how many more there were, since callers decide how many there
/// are. Results are those of the real record, which outlives this; a record that
/// could not be written is an error in the log. Thread-safe.
class AuditToLog final : public AuditLog {
 public:
  AuditToLog(AuditLog& record, std::shared_ptr<spdlog::logger> logger)
      : record_(record), logger_(std::move(logger)) {}
  Result<std::string> Write(const AuditEvent& event) override;
  Result<void> Note(const AuditNotice& notice) override;

 private:
  bool MayTell(BootTime now);

  AuditLog& record_;
  const std::shared_ptr<spdlog::logger> logger_;
  std::mutex mutex_;
  BootTime second_began_;       // By mutex_, as all that follows.
  std::uint32_t told_ = 0;      // Since then.
  std::uint32_t left_out_ = 0;  // Likewise.
};

}  // namespace surety
