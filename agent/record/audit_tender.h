#pragma once

#include <thread>

#include "agent/record/audit_file.h"
#include "surety/clock.h"

namespace spdlog {
class logger;
}

namespace surety {

/// Calls AuditFile::Tend twice a second and whenever it is urgent, on a thread of
/// its own, and AuditFile::Finish at its end. What fails is an error in the log
/// once, and so is that it works again. Borrows all three.
class AuditTender {
 public:
  AuditTender(AuditFile& file, const Clock& clock, spdlog::logger& logger);
  AuditTender(const AuditTender&) = delete;
  AuditTender(AuditTender&&) = delete;
  AuditTender& operator=(const AuditTender&) = delete;
  AuditTender& operator=(AuditTender&&) = delete;
  ~AuditTender();

 private:
  void Run(const std::stop_token& stop);
  void Tell(const Result<void>& result);

  AuditFile& file_;
  const Clock& clock_;
  spdlog::logger& logger_;
  bool failing_ = false;  // Of the thread.
  std::jthread thread_;   // Last, so that it starts when all is there.
};

}  // namespace surety
