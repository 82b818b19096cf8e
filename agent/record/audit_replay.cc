#include "agent/record/audit_replay.h"

#include <algorithm>
#include <utility>

#include "agent/record/audit_line.h"
#include "agent/record/rfc3339.h"

namespace surety {
namespace {

constexpr std::size_t kTimeDigits = 30;

// Where every line has it, soon after its head.
std::string_view TimeIn(std::string_view line) {
  constexpr std::string_view kTime = "\"time\":\"";
  constexpr std::size_t kWithin = 256;
  const auto at = line.substr(0, kWithin).find(kTime);
  return at == std::string_view::npos ? std::string_view()
                                      : line.substr(at + kTime.size(), kTimeDigits);
}

}  // namespace

AuditReplay::AuditReplay(UniqueFd dir, const std::string& folder, const ReplayFrom& from,
                         AuditHasher hasher)
    : dir_(std::move(dir)),
      cursor_(std::make_unique<LogCursor>(dir_.get(), folder, from.seq)),
      hasher_(std::move(hasher)),
      from_(from) {
  if (from_.time) AppendRfc3339Nanos(from_time_, *from_.time);
}

Result<AuditReplay> AuditReplay::Open(const std::string& folder, const ReplayFrom& from) {
  auto dir = OpenLogFolder(folder);
  if (!dir) return dir.error();
  auto hasher = AuditHasher::Create();
  if (!hasher) return hasher.error();
  return AuditReplay(*std::move(dir), folder, from, *std::move(hasher));
}

Result<std::string_view> AuditReplay::NextLine() {
  while (true) {
    const auto item = cursor_->Next();
    if (!item) return item.error();
    line_ = {};
    if (!*item) return line_;
    if ((*item)->line.too_long) {
      ++report_.damaged;
      continue;
    }
    if (!Wants((*item)->line.text)) continue;
    line_ = (*item)->line.text;
    ++report_.records;
    return line_;
  }
}

// RFC 3339 in UTC and of one length sorts as the times do.
bool AuditReplay::Wants(std::string_view line) {
  const auto frame = ReadFrame(line);
  if (frame && frame->seq < from_.seq) return false;
  const auto hash = frame ? hasher_.OfLine(frame->before_hash)
                          : Result<HashText>(Error(ErrorCode::kInvalidArgument, "no line"));
  if (!hash || hash->view() != frame->hash) {
    ++report_.damaged;
    return false;
  }
  report_.last_seq = frame->seq;
  if (TimeIn(line) < from_time_) return false;
  return from_.containing.empty() ||
         std::ranges::any_of(from_.containing, [line](const std::string& text) {
           return line.find(text) != std::string_view::npos;
         });
}

Result<std::optional<AuditRecord>> AuditReplay::Next() {
  while (true) {
    const auto line = NextLine();
    if (!line) return line.error();
    if (line->empty()) return std::optional<AuditRecord>();
    auto record = ParseAuditRecord(*line);
    if (record) return std::optional(*std::move(record));
    --report_.records;
    ++report_.damaged;
  }
}

Result<ReplayReport> ReplayAudit(const std::string& folder, const ReplayFrom& from,
                                 const std::function<bool(const AuditRecord&)>& take) {
  auto replay = AuditReplay::Open(folder, from);
  if (!replay) return replay.error();
  while (true) {
    const auto record = replay->Next();
    if (!record) return record.error();
    if (!*record || !take(**record)) return replay->report();
  }
}

}  // namespace surety
