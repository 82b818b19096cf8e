#include "agent/record/audit_to_log.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <string>
#include <utility>

#include "agent/record/decision_json.h"
#include "agent/record/json_writer.h"
#include "agent/record/record_words.h"

namespace surety {
namespace {

constexpr std::uint32_t kLinesPerSecond = 20;
constexpr std::size_t kLongestText = 256;

// As in JSON, between quotes: what a workload chose cannot break the line.
std::string Quoted(std::string_view text) {
  std::string out;
  JsonWriter(out, kLongestText).Text(text);
  return out;
}

std::string KindsText(const Drift& drift) {
  std::string text;
  for (const std::string& kind : KindsOf(drift)) text.append(text.empty() ? "" : " ").append(kind);
  return text;
}

bool IsNew(const EntryDecision& one) { return one.issued && one.minted; }

bool IsWarning(const AuditEvent& event) {
  return event.verdict == Verdict::kRefuse || event.verdict == Verdict::kChallenge ||
         !event.drift.empty() || std::ranges::any_of(event.entries, [](const EntryDecision& one) {
           return one.decision.obligations.alert;
         });
}

bool IsRemarkable(const AuditEvent& event) {
  return IsWarning(event) || event.verdict == Verdict::kUndecided ||
         std::ranges::any_of(event.entries, IsNew);
}

std::string LineOf(const AuditEvent& event, std::string_view decision) {
  std::string line =
      fmt::format("{} {} reason={} pid={} uid={} lineage={} decision={}", WordOf(event.verdict),
                  WordOf(event.action), Quoted(event.reason), event.peer.process->key().pid,
                  event.peer.uid, Quoted(event.standing.lineage.id), decision);
  for (const EntryDecision& one : event.entries) {
    if (line.size() > 4 * kLongestText) break;
    if (IsNew(one))
      line += fmt::format(" spiffe_id={} serial={}", one.issued->spiffe_id, one.issued->serial);
  }
  if (!event.drift.empty()) line += fmt::format(" drift={}", Quoted(KindsText(event.drift)));
  if (!event.seen.complete())
    line += fmt::format(" missing={}", Quoted(event.seen.missing.front().kind));
  return line;
}

spdlog::level::level_enum LevelOf(NoticeSeverity severity) {
  return severity == NoticeSeverity::kInfo ? spdlog::level::info : spdlog::level::warn;
}

}  // namespace

Result<std::string> AuditToLog::Write(const AuditEvent& event) {
  auto decision = record_.Write(event);
  const bool remarkable = !decision || IsRemarkable(event);
  if (!remarkable || !MayTell(event.at.boot)) return decision;
  if (!decision) {
    logger_->error("{}: {}", LineOf(event, "none"), decision.error().Text());
  } else {
    logger_->log(IsWarning(event) ? spdlog::level::warn : spdlog::level::info, "{}",
                 LineOf(event, *decision));
  }
  return decision;
}

Result<void> AuditToLog::Note(const AuditNotice& notice) {
  auto noted = record_.Note(notice);
  std::string line(notice.what);
  for (const auto& [name, value] : notice.details) line += " " + name + "=" + Quoted(value);
  logger_->log(noted ? LevelOf(notice.severity) : spdlog::level::err, "{}{}", line,
               noted ? "" : ": " + noted.error().Text());
  return noted;
}

bool AuditToLog::MayTell(BootTime now) {
  std::uint32_t left_out = 0;
  {
    const std::lock_guard lock(mutex_);
    if (now - second_began_ >= Seconds(1)) {
      second_began_ = now;
      left_out = std::exchange(left_out_, 0);
      told_ = 0;
    }
    if (told_ == kLinesPerSecond) {
      ++left_out_;
      return false;
    }
    ++told_;
  }
  if (left_out > 0) logger_->warn("{} more decisions are in the audit log alone", left_out);
  return true;
}

}  // namespace surety
