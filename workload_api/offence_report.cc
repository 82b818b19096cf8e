#include "workload_api/offence_report.h"

#include <spdlog/spdlog.h>

#include <string>
#include <utility>

#include "workload_api/frame_guard.h"

namespace surety {

OffenceReport::OffenceReport(AuditLog& audit, const Clock& clock,
                             std::shared_ptr<spdlog::logger> logger)
    : shared_("connection.shared", audit, clock),
      flooded_("connection.flooded", audit, clock),
      logger_(std::move(logger)) {}

void OffenceReport::Tell(const Peer& peer, Offence offence, pid_t sender) {
  const pid_t pid = peer.process->key().pid;
  RepeatedNotice::Details details{{"pid", std::to_string(pid)}, {"uid", std::to_string(peer.uid)}};
  if (offence == Offence::kOtherSender) {
    details.emplace_back("sender", std::to_string(sender));
    if (shared_.Tell(std::move(details)))
      logger_->warn(
          "closed a connection of process {} (uid {}): process {} sent on it, and a connection "
          "serves nobody but the process that opened it",
          pid, peer.uid, sender == 0 ? "of another pid namespace" : std::to_string(sender));
    return;
  }
  if (flooded_.Tell(std::move(details)))
    logger_->warn("closed a connection of process {} (uid {}): a header block of over {} KiB", pid,
                  peer.uid, FrameGuard::kMaxHeaderBlock / 1024);
}

void OffenceReport::Tick() {
  shared_.Tick();
  flooded_.Tick();
}

}  // namespace surety
