#include "agent/record/audit_to_log.h"

#include <spdlog/spdlog.h>

namespace surety {
namespace {

std::string Join(const SelectorSet& selectors) {
  std::string out;
  for (const Selector& selector : selectors) {
    if (!out.empty()) out += ", ";
    out += selector.Text();
  }
  return out;
}

}  // namespace

Result<std::string> AuditToLog::Write(const AuditEvent& event) {
  const std::string decision = std::to_string(++decisions_);
  std::string line =
      fmt::format("{} {} pid={} uid={} connection={} reason={} decision={}", NameOf(event.verdict),
                  NameOf(event.action), event.peer.process->key().pid, event.peer.uid,
                  event.peer.connection_id, event.reason, decision);
  for (const EntryDecision& one : event.entries)
    if (one.issued)
      line += fmt::format(" spiffe_id={} entry={} serial={}", one.issued->spiffe_id,
                          one.issued->entry_id, one.issued->serial);
  if (!event.drift.empty())
    line += fmt::format(" drift gained=[{}] lost=[{}]", Join(event.drift.gained),
                        Join(event.drift.lost));
  for (const MissingFact& fact : event.seen.missing)
    line += fmt::format(" missing={} ({})", fact.kind, fact.why.Text());

  const bool remarkable = event.verdict != Verdict::kAllow || !event.drift.empty();
  logger_->log(remarkable ? spdlog::level::warn : spdlog::level::info, "{}", line);
  return decision;
}

Result<void> AuditToLog::Note(const AuditNotice& notice) {
  std::string line(notice.what);
  for (const auto& [name, value] : notice.details) line += fmt::format(" {}={}", name, value);
  logger_->log(notice.severity == NoticeSeverity::kInfo ? spdlog::level::info : spdlog::level::warn,
               "{}", line);
  return {};
}

}  // namespace surety
