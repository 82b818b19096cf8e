#include "workload_api/offence_report.h"

#include <spdlog/spdlog.h>

#include <string>
#include <utility>

#include "workload_api/frame_guard.h"

namespace surety {

OffenceReport::OffenceReport(AuditLog& audit, const Clock& clock,
                             std::shared_ptr<spdlog::logger> logger)
    : stolen_("connection.stolen", NoticeSeverity::kHigh, audit, clock),
      shared_("connection.shared", NoticeSeverity::kWarning, audit, clock),
      flooded_("connection.flooded", NoticeSeverity::kHigh, audit, clock),
      logger_(std::move(logger)) {}

void OffenceReport::Tell(const Peer& peer, Offence offence, pid_t sender) {
  const pid_t pid = peer.process->key().pid;
  RepeatedNotice::Details details{{"pid", std::to_string(pid)}, {"uid", std::to_string(peer.uid)}};
  if (offence == Offence::kHeaderBlock) {
    if (flooded_.Tell(std::move(details)))
      logger_->warn("closed a connection of process {} (uid {}): a header block of over {} KiB",
                    pid, peer.uid, FrameGuard::kMaxHeaderBlock / 1024);
    return;
  }
  details.emplace_back("sender", std::to_string(sender));
  if (offence == Offence::kOtherProcess) {
    if (shared_.Tell(std::move(details)))
      logger_->warn("process {} sent on a connection that process {} (uid {}) opened", sender, pid,
                    peer.uid);
    return;
  }
  if (stolen_.Tell(std::move(details)))
    logger_->warn(
        "closed a connection of process {} (uid {}): process {} of another user sent on it", pid,
        peer.uid, sender);
}

void OffenceReport::Tick() {
  stolen_.Tick();
  shared_.Tick();
  flooded_.Tick();
}

}  // namespace surety
