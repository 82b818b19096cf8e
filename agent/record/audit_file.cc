#include "agent/record/audit_file.h"

#include <algorithm>
#include <utility>

#include "agent/record/audit_body.h"
#include "agent/record/rfc3339.h"

namespace surety {
namespace {

bool IsUrgent(const AuditEvent& event) {
  return std::ranges::any_of(event.entries, [](const EntryDecision& one) {
    return one.decision.obligations.revoke || one.decision.obligations.quarantine;
  });
}

}  // namespace

Result<std::string> AuditFile::Write(const AuditEvent& event) {
  const auto body = DecisionBody(event, appender_.names().boot_id);
  if (!body) return body.error();
  const auto added = appender_.Append(kDecisionLine, *body, event.at);
  if (!added) return added.error();
  if (IsUrgent(event) || HasBecomeFull(*added)) WakeTender();
  return appender_.DecisionId(added->seq);
}

Result<void> AuditFile::Note(const AuditNotice& notice) {
  const auto added =
      appender_.Append(kNoticeLine, NoticeBody(notice, appender_.names().boot_id), notice.at);
  if (!added) return added.error();
  if (notice.severity == NoticeSeverity::kHigh || HasBecomeFull(*added)) WakeTender();
  return {};
}

// Once for each segment: where a new one cannot be begun, each line would say so.
bool AuditFile::HasBecomeFull(const AuditAppender::Appended& added) const {
  return added.size_before < options_.segment_bytes && added.size >= options_.segment_bytes;
}

void AuditFile::WaitForUrgent(std::chrono::milliseconds longest) {
  std::unique_lock lock(urgent_mutex_);
  urgent_changed_.wait_for(lock, longest, [this] { return urgent_; });
  urgent_ = false;
}

void AuditFile::WakeTender() {
  {
    const std::lock_guard lock(urgent_mutex_);
    urgent_ = true;
  }
  urgent_changed_.notify_one();
}

AuditFileStatus AuditFile::Status() const {
  const auto state = appender_.Now();
  const std::lock_guard lock(status_mutex_);
  return {.segment = folder_.PathOf(state.segment),
          .last_seq = state.end.seq,
          .synced_seq = synced_seq_,
          .checkpoint_seq = checkpoint_seq_,
          .unrecorded = state.gap ? state.gap->records : 0};
}

std::vector<std::string> AuditFile::Degraded() const {
  std::vector<std::string> sentences;
  if (const auto gap = appender_.Now().gap) {
    sentences.push_back("the audit log cannot be written to, so no SVID is issued: " +
                        gap->why.Text() + "; " + std::to_string(gap->records) +
                        " records are missing since " + Rfc3339Exact(gap->since.wall));
  }
  const std::lock_guard lock(status_mutex_);
  for (const auto& [topic, sentence] : troubles_) sentences.push_back(sentence);
  return sentences;
}

}  // namespace surety
