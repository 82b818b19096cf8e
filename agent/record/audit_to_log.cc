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

Result<void> AuditToLog::Write(const AuditEvent& event) {
  std::string line = fmt::format(
      "{} {} pid={} uid={} connection={} reason={}", NameOf(event.verdict), NameOf(event.action),
      event.peer.process->key().pid, event.peer.uid, event.peer.connection_id, event.reason);
  for (const IssuedSvid& svid : event.issued)
    line +=
        fmt::format(" spiffe_id={} entry={} serial={}", svid.spiffe_id, svid.entry_id, svid.serial);
  if (!event.drift.empty())
    line += fmt::format(" drift gained=[{}] lost=[{}]", Join(event.drift.gained),
                        Join(event.drift.lost));
  for (const MissingFact& fact : event.missing)
    line += fmt::format(" missing={} ({})", fact.kind, fact.why.Text());

  const bool remarkable = event.verdict != Verdict::kAllow || !event.drift.empty();
  logger_->log(remarkable ? spdlog::level::warn : spdlog::level::info, "{}", line);
  return {};
}

}  // namespace surety
