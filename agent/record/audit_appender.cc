#include "agent/record/audit_appender.h"

#include <sys/stat.h>

#include <algorithm>
#include <utility>

#include "agent/record/audit_body.h"
#include "agent/record/audit_names.h"
#include "agent/record/rfc3339.h"
#include "agent/record/segment_header.h"

namespace surety {
namespace {

constexpr std::size_t kKeptMemory = std::size_t{256} << 10;

std::string Remedy(ErrorCode code) {
  return code == ErrorCode::kResourceExhausted
             ? "free space there; it is tried again each time, and no restart is needed"
             : "look at the disk; it is tried again each time, and no restart is needed";
}

std::string GapBody(const AuditGap& gap, const Moment& at, std::string_view boot_id) {
  const AuditNotice notice{.at = at,
                           .what = "audit.gap",
                           .severity = NoticeSeverity::kHigh,
                           .details = {{"records", std::to_string(gap.records)},
                                       {"since", Rfc3339Exact(gap.since.wall)},
                                       {"why", gap.why.Text()}}};
  return NoticeBody(notice, boot_id);
}

}  // namespace

std::string AuditAppender::DecisionId(std::uint64_t seq) const {
  std::string id = names_.run + "-";
  AppendNumber(id, seq);
  return id;
}

Result<AuditAppender::Appended> AuditAppender::Append(std::string_view type, std::string_view body,
                                                      const Moment& at) {
  const std::lock_guard lock(mutex_);
  if (blocked_) return Count(*blocked_, at);
  lines_.clear();
  const auto before = AddGap(place_.end, at);
  const auto end = before ? AddLine(*before, type, body) : before;
  if (!end) return end.error();
  const std::uint64_t size_before = place_.size;
  if (auto written = WriteLines(); !written) return Count(written.error(), at);
  place_.end = *end;
  gap_.reset();
  return Appended{.seq = end->seq, .size_before = size_before, .size = place_.size};
}

Result<void> AuditAppender::CloseGap(const Moment& at) {
  const std::lock_guard lock(mutex_);
  if (!gap_ || blocked_) return {};
  lines_.clear();
  const auto end = AddGap(place_.end, at);
  if (!end) return end.error();
  if (auto written = WriteLines(); !written) return written;
  place_.end = *end;
  gap_.reset();
  return {};
}

Result<ChainPoint> AuditAppender::AddLine(const ChainPoint& after, std::string_view type,
                                          std::string_view body) {
  LineHead head{.seq = after.seq + 1, .prev = after.hash, .type = type};
  std::string id;
  if (type == kDecisionLine) head.decision = id = DecisionId(head.seq);
  return AppendLine(lines_, head, body, hasher_);
}

Result<ChainPoint> AuditAppender::AddGap(const ChainPoint& after, const Moment& at) {
  if (!gap_) return after;
  return AddLine(after, kNoticeLine, GapBody(*gap_, at, names_.boot_id));
}

Error AuditAppender::Count(const Error& why, const Moment& at) {
  Error error = Error(why.code(), why.Text() + "; " + Remedy(why.code()))
                    .Within("no record, so nothing is issued");
  if (gap_) {
    ++gap_->records;
  } else {
    gap_ = AuditGap{.records = 1, .since = at, .why = why};
  }
  return error;
}

Result<void> AuditAppender::WriteLines() {
  if (torn_) CutBack();
  if (torn_) return Error(ErrorCode::kUnavailable, "a line that was cut off cannot be removed");
  auto written =
      AppendAll(folder_.disk(), place_.file.get(), lines_, folder_.PathOf(place_.segment));
  if (!written) {
    CutBack();
    return written;
  }
  place_.size += lines_.size();
  if (lines_.capacity() > kKeptMemory) lines_ = std::string();
  return {};
}

void AuditAppender::CutBack() {
  torn_ = !folder_.disk().Truncate(place_.file.get(), place_.size, folder_.PathOf(place_.segment));
}

Result<void> AuditAppender::StartSegment(std::uint64_t seq, const Moment& at) {
  const std::lock_guard lock(mutex_);
  if (place_.file && torn_) CutBack();
  if (torn_) return Error(ErrorCode::kUnavailable, "a line that was cut off cannot be removed");
  if (place_.file) {
    auto synced = folder_.disk().Sync(place_.file.get(), folder_.PathOf(place_.segment));
    if (!synced) return synced;
  }
  seq = std::max(seq, place_.end.seq + 1);
  const SegmentHeader header{
      .log = names_.log, .segment = SegmentName(seq), .previous = place_.segment};
  lines_.clear();
  const auto end = AppendLine(lines_, {.seq = seq, .prev = place_.end.hash, .type = kSegmentLine},
                              SegmentBody(header, at, names_.boot_id), hasher_);
  if (!end) return end.error();
  auto file = CreateSegment(header.segment, lines_);
  if (!file) return file.error();
  place_ = {*std::move(file), header.segment, lines_.size(), *end};
  return {};
}

Result<UniqueFd> AuditAppender::CreateSegment(const std::string& name, std::string_view header) {
  auto file = folder_.disk().Create(folder_.dir(), name);
  if (!file) return file.error().Within(folder_.path());
  const auto written = AppendAll(folder_.disk(), file->get(), header, name);
  if (written) return file;
  // What is left of it has no header, and is removed at the next start at the latest.
  static_cast<void>(folder_.disk().Remove(folder_.dir(), name));
  return written.error().Within(folder_.path());
}

void AuditAppender::Block(std::optional<Error> why) {
  const std::lock_guard lock(mutex_);
  blocked_ = std::move(why);
}

std::optional<AuditAppender::Found> AuditAppender::FoundOtherwise() const {
  const std::lock_guard lock(mutex_);
  struct stat status {};
  if (torn_ || ::fstat(place_.file.get(), &status) != 0) return std::nullopt;
  const Found found{.size = static_cast<std::uint64_t>(status.st_size),
                    .expected = place_.size,
                    .links = status.st_nlink};
  if (found.size == found.expected && found.links > 0) return std::nullopt;
  return found;
}

AuditAppender::State AuditAppender::Now() const {
  const std::lock_guard lock(mutex_);
  return {.file = place_.file.get(),
          .segment = place_.segment,
          .size = place_.size,
          .end = place_.end,
          .gap = gap_,
          .blocked = blocked_.has_value(),
          .torn = torn_};
}

}  // namespace surety
