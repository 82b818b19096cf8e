#include "agent/record/audit_verify.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "agent/record/audit_folder.h"
#include "agent/record/log_cursor.h"

namespace surety {
namespace {

// "audit.pruned" says up to which line; 0 in any other line.
std::uint64_t PrunedUpTo(std::string_view line) {
  constexpr std::string_view kWhat = "\"what\":\"audit.pruned\"";
  constexpr std::string_view kUpTo = "\"up_to\":\"";
  const auto what = line.find(kWhat);
  const auto at = what == std::string_view::npos ? what : line.find(kUpTo, what);
  if (at == std::string_view::npos) return 0;
  std::uint64_t seq = 0;
  std::from_chars(line.data() + at + kUpTo.size(), line.data() + line.size(), seq);
  return seq;
}

// A whole line with another byte in the newline's place: no write leaves that.
bool LacksOnlyItsNewline(std::string_view text) {
  return !text.empty() && ReadFrame(text.substr(0, text.size() - 1)).has_value();
}

class Verification {
 public:
  Verification(AuditChain chain, CheckpointJudge judge)
      : chain_(std::move(chain)), judge_(std::move(judge)) {}

  Result<void> Read(LogCursor& cursor) {
    while (true) {
      const auto item = cursor.Next();
      if (!item) return item.error();
      if (!*item) return {};
      if ((*item)->begins_segment) {
        chain_.EndSegment((*item)->unfinished_before);
        chain_.BeginSegment(cursor.segment());
        ++report_.segments;
      }
      if (auto taken = Take((*item)->line); !taken) return taken;
    }
  }

  Result<AuditVerifyReport> End(const LogCursor& cursor, bool has_writer,
                                const AuditChain::OnBreak& on_break) {
    // A line that is being written now is not one that was cut off.
    if (!has_writer) report_.unfinished = cursor.unfinished();
    if (report_.unfinished > 0 && LacksOnlyItsNewline(cursor.unfinished_text()))
      chain_.EndSegment(report_.unfinished);
    report_.log = chain_.log();
    report_.first_seq = chain_.first_seq();
    report_.last_seq = chain_.end().seq;
    if (report_.first_seq > report_.pruned_up_to + 1) {
      on_break({.segment = {},
                .line = 0,
                .seq = report_.pruned_up_to + 1,
                .what = "lines " + std::to_string(report_.pruned_up_to + 1) + " to " +
                        std::to_string(report_.first_seq - 1) +
                        " are missing, and no record says that they were removed as too old"});
    }
    if (auto ended = judge_.End(report_.log, report_.last_seq); !ended) return ended.error();
    report_.checkpoints = judge_.agreed();
    report_.last_checkpoint = judge_.last_agreed();
    return report_;
  }

 private:
  Result<void> Take(const LineReader::Line& line) {
    ++report_.lines;
    const std::uint64_t before = chain_.end().seq;
    const auto frame = chain_.Take(line);
    if (!frame) return frame.error();
    if (*frame && (*frame)->type == kNoticeLine)
      report_.pruned_up_to = std::max(report_.pruned_up_to, PrunedUpTo(line.text));
    if (chain_.end().seq == before) return {};
    return judge_.Line(chain_.end().seq,
                       *frame ? std::optional(HashText((*frame)->hash)) : std::nullopt);
  }

  AuditChain chain_;
  CheckpointJudge judge_;
  AuditVerifyReport report_;
};

}  // namespace

Result<AuditVerifyReport> VerifyAudit(const std::string& folder, const AuditVerifyOptions& options,
                                      const AuditChain::OnBreak& on_break) {
  std::uint64_t breaks = 0;
  const auto count = [&](const AuditBreak& one) {
    ++breaks;
    on_break(one);
  };
  const auto dir = OpenLogFolder(folder);
  if (!dir) return dir.error();
  auto judge = CheckpointJudge::Open(dir->get(), folder, options.key, count);
  if (!judge) return judge.error();
  for (const KeptCheckpoint& one : options.checkpoints) judge->Keep(one);
  auto hasher = AuditHasher::Create();
  if (!hasher) return hasher.error();

  Verification verification(AuditChain(*std::move(hasher), count), *std::move(judge));
  LogCursor cursor(dir->get(), folder, 1);
  if (auto read = verification.Read(cursor); !read) return read.error();
  auto report = verification.End(cursor, HasWriter(dir->get()), count);
  if (!report) return report;
  if (report->segments == 0 && breaks == 0)
    return Error(ErrorCode::kNotFound, "there is no audit log in " + folder);
  report->breaks = breaks;
  return report;
}

}  // namespace surety
