#pragma once

#include <memory>

#include "surety/audit.h"
#include "surety/clock.h"
#include "surety/peer.h"
#include "workload_api/receive_guard.h"
#include "workload_api/repeated_notice.h"

namespace spdlog {
class logger;
}

namespace surety {

/// Tells of what was sent on connections and should not have been, in the log and in the
/// record: "connection.stolen", "connection.shared", "connection.flooded". Thread-safe.
class OffenceReport {
 public:
  OffenceReport(AuditLog& audit, const Clock& clock, std::shared_ptr<spdlog::logger> logger);

  void Tell(const Peer& peer, Offence offence, pid_t sender);
  /// Called about once a second.
  void Tick();

 private:
  RepeatedNotice stolen_;
  RepeatedNotice shared_;
  RepeatedNotice flooded_;
  const std::shared_ptr<spdlog::logger> logger_;
};

}  // namespace surety
