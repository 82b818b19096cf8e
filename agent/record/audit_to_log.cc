#include "agent/record/audit_to_log.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <span>
#include <string>
#include <utility>

#include "agent/record/decision_json.h"
#include "agent/record/json_writer.h"
#include "agent/record/record_words.h"
#include "surety/log_fields.h"

namespace surety {
namespace {

constexpr std::uint32_t kLinesPerSecond = 20;
constexpr std::size_t kLongestText = 256;
constexpr std::size_t kFirstNamed = 3;  // In a line; event, verdict and action come before.

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

LogField FreeText(std::string name, std::string_view value) {
  return {.name = std::move(name), .value = std::string(value), .quoted = true};
}

LogFields FieldsOf(const AuditEvent& event, std::string_view decision) {
  LogFields fields{{"event", "decision"},
                   {"verdict", std::string(WordOf(event.verdict))},
                   {"action", std::string(WordOf(event.action))},
                   FreeText("reason", event.reason),
                   {"pid", std::to_string(event.peer.process->key().pid)},
                   {"uid", std::to_string(event.peer.uid)},
                   FreeText("lineage", event.standing.lineage.id),
                   {"decision", std::string(decision)}};
  std::size_t told = 0;
  for (const EntryDecision& one : event.entries) {
    if (!IsNew(one) || told > 3 * kLongestText) continue;
    told += one.issued->spiffe_id.size() + one.issued->serial.size();
    fields.push_back({"spiffe_id", one.issued->spiffe_id});
    fields.push_back({"serial", one.issued->serial});
  }
  if (!event.drift.empty()) fields.push_back(FreeText("drift", KindsText(event.drift)));
  if (!event.seen.complete())
    fields.push_back(FreeText("missing", event.seen.missing.front().kind));
  return fields;
}

LogFields FieldsOf(const AuditNotice& notice) {
  LogFields fields{{"event", std::string(notice.what)}};
  for (const auto& [name, value] : notice.details)
    fields.push_back(FreeText(std::string(name), value));
  return fields;
}

// `begin`, and the fields from number `first` on.
std::string LineOf(std::string begin, const LogFields& fields, std::size_t first) {
  for (const LogField& field : std::span(fields).subspan(first)) {
    begin.append(" ").append(field.name).append("=");
    begin += field.quoted ? Quoted(field.value) : field.value;
  }
  return begin;
}

spdlog::level::level_enum LevelOf(NoticeSeverity severity) {
  return severity == NoticeSeverity::kInfo ? spdlog::level::info : spdlog::level::warn;
}

}  // namespace

Result<std::string> AuditToLog::Write(const AuditEvent& event) {
  auto decision = record_.Write(event);
  const bool remarkable = !decision || IsRemarkable(event);
  if (!remarkable || !MayTell(event.at.boot)) return decision;
  const LogFields fields = FieldsOf(event, decision ? *decision : "none");
  const LogFieldsScope scope(fields);
  const std::string line = LineOf(fmt::format("{} {}", WordOf(event.verdict), WordOf(event.action)),
                                  fields, kFirstNamed);
  if (!decision)
    logger_->error("{}: {}", line, decision.error().Text());
  else
    logger_->log(IsWarning(event) ? spdlog::level::warn : spdlog::level::info, "{}", line);
  return decision;
}

Result<void> AuditToLog::Note(const AuditNotice& notice) {
  auto noted = record_.Note(notice);
  const LogFields fields = FieldsOf(notice);
  const LogFieldsScope scope(fields);
  logger_->log(noted ? LevelOf(notice.severity) : spdlog::level::err, "{}{}",
               LineOf(std::string(notice.what), fields, 1),
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
