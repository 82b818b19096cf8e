#include "agent/command/audit_tail.h"

#include <algorithm>
#include <chrono>
#include <deque>
#include <utility>

#include "agent/command/record_text.h"
#include "agent/record/audit_names.h"
#include "agent/record/audit_replay.h"
#include "agent/record/json_writer.h"
#include "agent/record/record_words.h"

namespace surety {
namespace {

constexpr std::chrono::milliseconds kPause{200};

std::string JsonMember(std::string_view name, std::string_view text) {
  std::string out = "\"" + std::string(name) + "\":\"";
  AppendJsonText(out, text);
  return out + "\"";
}

bool HasFilter(const AuditTailFlags& flags) {
  return flags.verdict || flags.spiffe_id || flags.pid || flags.lineage;
}

// One text that every line has which fits the filters: a lineage, a SPIFFE ID and
// a process are rarer than a verdict.
std::vector<std::string> TextsOf(const AuditTailFlags& flags) {
  if (flags.pid) return {"\"pid\":" + std::to_string(*flags.pid) + ","};
  if (flags.spiffe_id) return {JsonMember("spiffe_id", *flags.spiffe_id)};
  if (flags.lineage) return {JsonMember("id", *flags.lineage), JsonMember("now", *flags.lineage)};
  if (flags.verdict) return {JsonMember("verdict", *flags.verdict)};
  return {};
}

bool Fits(const AuditTailFlags& flags, const AuditRecord& record) {
  if (!HasFilter(flags)) return true;
  const auto* decision = std::get_if<RecordedDecision>(&record.content);
  if (decision == nullptr) return false;
  const auto is_meant = [&](const RecordedEntry& one) { return one.spiffe_id == *flags.spiffe_id; };
  return (!flags.pid || decision->process.key.pid == *flags.pid) &&
         (!flags.verdict || WordOf(decision->verdict) == *flags.verdict) &&
         (!flags.lineage || decision->lineage == *flags.lineage ||
          decision->lineage_now == *flags.lineage) &&
         (!flags.spiffe_id || std::ranges::any_of(decision->entries, is_meant));
}

// Without filters the last lines are in the last two segments.
std::uint64_t FirstSeq(const AuditTailFlags& flags, const std::string& folder) {
  if (HasFilter(flags) || flags.since) return 1;
  const auto dir = OpenLogFolder(folder);
  const auto segments = dir ? ListSegments(dir->get(), folder) : dir.error();
  if (!segments || segments->empty()) return 1;
  const std::uint64_t last = FirstSeqOf(segments->back()).value_or(1);
  return last > flags.lines ? last - flags.lines : 1;
}

class Tail {
 public:
  Tail(const AuditTailFlags& flags, AuditReplay& replay, std::ostream& out)
      : flags_(flags), replay_(replay), out_(out) {}

  /// Reads to the end of what there is; keeps the last lines, or prints all.
  Result<void> Read(bool print) {
    while (true) {
      const auto line = replay_.NextLine();
      if (!line) return line.error();
      if (line->empty()) return {};
      const bool parse = flags_.output == OutputFormat::kText || HasFilter(flags_);
      std::string text(*line);
      if (parse) {
        const auto record = ParseAuditRecord(*line);
        if (!record || !Fits(flags_, *record)) continue;
        if (flags_.output == OutputFormat::kText) text = RecordText(*record);
      }
      Take(std::move(text), print);
    }
  }

  void PrintKept() {
    for (const std::string& line : kept_) out_ << line << "\n";
    kept_.clear();
    out_.flush();
  }

 private:
  void Take(std::string text, bool print) {
    if (print) {
      out_ << text << std::endl;
      return;
    }
    kept_.push_back(std::move(text));
    if (kept_.size() > flags_.lines) kept_.pop_front();
  }

  const AuditTailFlags& flags_;
  AuditReplay& replay_;
  std::ostream& out_;
  std::deque<std::string> kept_;
};

}  // namespace

Result<void> TailAudit(const AuditTailFlags& flags, const std::string& folder, const Clock& clock,
                       Waiter& waiter, std::ostream& out) {
  ReplayFrom from{.seq = FirstSeq(flags, folder), .time = {}, .containing = TextsOf(flags)};
  if (flags.since) from.time = clock.Now().wall - *flags.since;
  auto replay = AuditReplay::Open(folder, from);
  if (!replay) return replay.error();
  Tail tail(flags, *replay, out);
  if (auto read = tail.Read(/*print=*/flags.since.has_value()); !read) return read;
  tail.PrintKept();
  while (flags.follow && out && waiter.Wait(kPause)) {
    if (auto read = tail.Read(/*print=*/true); !read) return read;
  }
  if (replay->report().damaged == 0) return {};
  return Error(ErrorCode::kDataLoss, std::to_string(replay->report().damaged) +
                                         " lines are damaged and were not shown: run \"surety "
                                         "audit verify\"");
}

}  // namespace surety
