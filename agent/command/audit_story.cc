#include "agent/command/audit_story.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "agent/record/audit_line.h"
#include "agent/record/audit_replay.h"
#include "agent/record/json_writer.h"
#include "attestors/printable.h"

namespace surety {
namespace {

constexpr std::size_t kMostFirst = 8;
constexpr std::size_t kMostLast = 24;
constexpr std::size_t kMostNotices = 32;
constexpr std::size_t kMostNames = 4'096;
constexpr std::size_t kRunDigits = 8;

/// What was asked for.
struct Subject {
  std::optional<pid_t> pid;
  std::string spiffe_id;
  std::string decision;
};

Result<Subject> SubjectOf(const std::string& text) {
  pid_t pid = 0;
  const char* const end = text.data() + text.size();
  const auto [at, error] = std::from_chars(text.data(), end, pid);
  if (error == std::errc() && at == end && pid > 0)
    return Subject{.pid = pid, .spiffe_id = {}, .decision = {}};
  if (text.starts_with("spiffe://")) return Subject{.pid = {}, .spiffe_id = text, .decision = {}};
  if (text.size() > kRunDigits + 1 &&
      IsHex(std::string_view(text).substr(0, kRunDigits), kRunDigits) && text[kRunDigits] == '-')
    return Subject{.pid = {}, .spiffe_id = {}, .decision = text};
  return Error(ErrorCode::kInvalidArgument,
               "\"" + Printable(text) +
                   "\" is no SPIFFE ID, process id or decision's id (such as 5f0c2a91-17)");
}

std::string JsonText(std::string_view text) {
  std::string out = "\"";
  AppendJsonText(out, text);
  return out + "\"";
}

std::string NeedleOf(const Subject& subject) {
  if (subject.pid) return "\"pid\":" + std::to_string(*subject.pid) + ",";
  return JsonText(subject.decision.empty() ? subject.spiffe_id : subject.decision);
}

bool IsAbout(const Subject& subject, const RecordedDecision& decision) {
  if (subject.pid) return decision.process.key.pid == *subject.pid;
  if (!subject.decision.empty()) return decision.id == subject.decision;
  return std::ranges::any_of(decision.entries, [&](const RecordedEntry& one) {
    return one.spiffe_id == subject.spiffe_id;
  });
}

/// One life of one process.
struct Process {
  ProcessKey key;
  std::string boot_id;
  bool operator==(const Process&) const = default;
};

/// The last process that fits; for a SPIFFE ID, rather one that was not allowed.
Result<Process> FindProcess(const std::string& folder, const Subject& subject) {
  std::optional<Process> last;
  std::optional<Process> remarkable;
  const auto report =
      ReplayAudit(folder, {.seq = 1, .time = {}, .containing = {NeedleOf(subject)}},
                  [&](const AuditRecord& record) {
                    const auto* decision = std::get_if<RecordedDecision>(&record.content);
                    if (decision == nullptr || !IsAbout(subject, *decision)) return true;
                    last = Process{decision->process.key, record.boot_id};
                    if (decision->verdict != Verdict::kAllow || !decision->drift_kinds.empty())
                      remarkable = last;
                    return subject.decision.empty();
                  });
  if (!report) return report.error();
  if (!subject.spiffe_id.empty() && remarkable) last = remarkable;
  if (last) return *last;
  return Error(ErrorCode::kNotFound,
               "the audit log in " + Printable(folder) + " has no decision about " +
                   (subject.pid ? "process " + std::to_string(*subject.pid)
                                : Printable(subject.spiffe_id + subject.decision)));
}

bool SameAnswer(const RecordedDecision& one, const RecordedDecision& other) {
  return one.verdict == other.verdict && one.reason == other.reason && one.gained == other.gained &&
         one.lost == other.lost && one.missing == other.missing &&
         one.left_lineage == other.left_lineage;
}

/// Takes the records of one process, in order.
class Collector {
 public:
  explicit Collector(Process process) : process_(std::move(process)) {}

  void Take(const AuditRecord& record) {
    if (const auto* decision = std::get_if<RecordedDecision>(&record.content)) {
      if (Process{decision->process.key, record.boot_id} == process_)
        TakeDecision(record.at.wall, *decision);
    } else if (const auto* notice = std::get_if<RecordedNotice>(&record.content)) {
      TakeNotice(record.at.wall, *notice);
    }
  }
  AuditStory story() && {
    story_.boot_id = process_.boot_id;
    return std::move(story_);
  }

 private:
  void TakeDecision(WallTime at, const RecordedDecision& decision) {
    story_.who = decision;
    Learn(decision.lineage);
    Learn(decision.id);
    Learn(std::to_string(process_.key.pid));
    TakeSvids(at, decision);
    StoryTurn* const before = !story_.last.empty()    ? &story_.last.back()
                              : !story_.first.empty() ? &story_.first.back()
                                                      : nullptr;
    if (before != nullptr && SameAnswer(before->decision, decision)) {
      ++before->repeated;
    } else if (story_.first.size() < kMostFirst) {
      story_.first.push_back({at, decision});
    } else {
      story_.last.push_back({at, decision});
      if (story_.last.size() > kMostLast) {
        story_.last.pop_front();
        ++story_.left_out;
      }
    }
  }

  void TakeSvids(WallTime at, const RecordedDecision& decision) {
    for (const RecordedEntry& one : decision.entries) {
      if (one.token) ++story_.tokens;
      if (!one.issued) continue;
      Learn(one.issued->serial);
      story_.valid_until =
          std::max(story_.valid_until.value_or(WallTime::min()), one.issued->not_after);
      if (!one.minted) continue;
      ++story_.minted;
      story_.last_minted = at;
      if (!story_.given) story_.given = StoryTurn{at, decision};
    }
  }

  void TakeNotice(WallTime at, const RecordedNotice& notice) {
    const bool names_it = std::ranges::any_of(
        notice.details, [this](const auto& one) { return names_.contains(one.second); });
    if (!names_it) return;
    story_.notices.push_back({at, notice});
    if (story_.notices.size() > kMostNotices) story_.notices.pop_front();
  }

  void Learn(const std::string& name) {
    if (!name.empty() && names_.size() < kMostNames) names_.insert(name);
  }

  const Process process_;
  AuditStory story_;
  std::set<std::string> names_;  // By which notices may mean it.
};

}  // namespace

Result<AuditStory> CollectStory(const std::string& folder, const std::string& subject_text) {
  const auto subject = SubjectOf(subject_text);
  if (!subject) return subject.error();
  const auto process = FindProcess(folder, *subject);
  if (!process) return process.error();

  Collector collector(*process);
  const std::string needle = "\"pid\":" + std::to_string(process->key.pid) +
                             ",\"start\":" + std::to_string(process->key.start_ticks) + ",";
  const auto report =
      ReplayAudit(folder, {.seq = 1, .time = {}, .containing = {needle, "\"type\":\"notice\""}},
                  [&](const AuditRecord& record) {
                    collector.Take(record);
                    return true;
                  });
  if (!report) return report.error();
  return std::move(collector).story();
}

}  // namespace surety
