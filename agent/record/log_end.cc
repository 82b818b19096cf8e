#include "agent/record/log_end.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>

#include "agent/issuance/own_folder.h"
#include "agent/record/audit_names.h"

namespace surety {
namespace {

constexpr int kMostTornFiles = 1000;

LogFinding Broken(std::string sentence, const std::string& segment, std::uint64_t seq) {
  return {.what = "audit.broken",
          .sentence = sentence,
          .details = {{"segment", segment}, {"seq", std::to_string(seq)}, {"why", sentence}}};
}

/// Looks through one segment.
class Look {
 public:
  Look(AuditFolder& folder, const std::vector<Checkpoint>& known)
      : folder_(folder), known_(known) {}

  /// False if the segment has no header, and so is not the last one.
  Result<bool> At(const std::string& segment, LogEnd& found);

 private:
  Result<void> Read(int fd, const std::string& segment, LogEnd& found);
  Result<void> MoveTorn(int fd, const std::string& segment, std::uint64_t from, std::uint64_t to,
                        LogEnd& found);
  Result<void> CopyTail(int fd, std::uint64_t from, const std::string& segment,
                        std::string& torn_name);
  Result<void> CopyBytes(int fd, std::uint64_t from, const std::string& segment, int copy,
                         const std::string& torn_name);
  void Compare(const LineFrame& frame, LogEnd& found);

  AuditFolder& folder_;
  const std::vector<Checkpoint>& known_;
  std::uint64_t lines_ = 0;
  std::uint64_t whole_size_ = 0;
};

Result<bool> Look::At(const std::string& segment, LogEnd& found) {
  const auto file = folder_.OpenToAppend(segment);
  if (!file) return file.error();
  struct stat status {};
  if (::fstat(file->get(), &status) != 0) return OpenFailed(folder_.PathOf(segment));
  const auto size = static_cast<std::uint64_t>(status.st_size);
  if (auto read = Read(file->get(), segment, found); !read) return read.error();
  if (whole_size_ < size) {
    if (auto moved = MoveTorn(file->get(), segment, whole_size_, size, found); !moved)
      return moved.error();
  }
  if (lines_ == 0) {
    if (auto removed = folder_.disk().Remove(folder_.dir(), segment); !removed)
      return removed.error();
    return false;
  }
  found.segment = segment;
  found.size = whole_size_;
  return true;
}

Result<void> Look::Read(int fd, const std::string& segment, LogEnd& found) {
  auto hasher = AuditHasher::Create();
  if (!hasher) return hasher.error();
  AuditChain chain(*std::move(hasher), [&](const AuditBreak& one) {
    found.findings.push_back(Broken(
        one.segment + " line " + std::to_string(one.line) + ": " + one.what, one.segment, one.seq));
    if (found.findings.size() > 8) found.findings.pop_back();  // The first ones tell.
  });
  chain.BeginSegment(segment);
  LineReader lines(fd, folder_.PathOf(segment), UINT64_MAX, kLongestLine);
  while (true) {
    const auto line = lines.Next();
    if (!line) return line.error();
    if (!*line) break;
    const auto frame = chain.Take(**line);
    if (!frame) return frame.error();
    if (*frame) Compare(**frame, found);
    lines_ = (*line)->number;
  }
  whole_size_ = lines.offset();
  found.end = chain.end();
  found.log = chain.log();
  return {};
}

void Look::Compare(const LineFrame& frame, LogEnd& found) {
  for (const Checkpoint& one : known_) {
    if (one.point.seq == frame.seq && one.point.hash.view() != frame.hash)
      found.findings.push_back(Broken("line " + std::to_string(frame.seq) +
                                          " is not the one that a checkpoint of " +
                                          std::to_string(one.point.seq) + " names",
                                      "", frame.seq));
  }
}

Result<void> Look::CopyTail(int fd, std::uint64_t from, const std::string& segment,
                            std::string& torn_name) {
  auto copy = Result<UniqueFd>(UniqueFd());
  for (int number = 1; number <= kMostTornFiles; ++number) {
    torn_name = segment + ".torn-" + std::to_string(number);
    copy = folder_.disk().Create(folder_.dir(), torn_name);
    if (copy || ::faccessat(folder_.dir(), torn_name.c_str(), F_OK, AT_SYMLINK_NOFOLLOW) != 0)
      break;
  }
  if (!copy) return copy.error();
  auto copied = CopyBytes(fd, from, segment, copy->get(), torn_name);
  if (!copied) ::unlinkat(folder_.dir(), torn_name.c_str(), 0);
  return copied;
}

Result<void> Look::CopyBytes(int fd, std::uint64_t from, const std::string& segment, int copy,
                             const std::string& torn_name) {
  std::array<char, 65'536> chunk{};
  for (auto at = static_cast<off_t>(from);;) {
    const ssize_t got = ::pread(fd, chunk.data(), chunk.size(), at);
    if (got < 0) return OpenFailed(folder_.PathOf(segment));
    if (got == 0) break;
    const std::string_view bytes(chunk.data(), static_cast<std::size_t>(got));
    if (auto written = AppendAll(folder_.disk(), copy, bytes, torn_name); !written) return written;
    at += got;
  }
  return folder_.disk().Sync(copy, torn_name);
}

Result<void> Look::MoveTorn(int fd, const std::string& segment, std::uint64_t from,
                            std::uint64_t to, LogEnd& found) {
  std::string torn_name;
  if (auto copied = CopyTail(fd, from, segment, torn_name); !copied)
    return copied.error().Within("moving a line that was cut off aside");
  if (auto cut = folder_.disk().Truncate(fd, from, segment); !cut) return cut;
  if (auto synced = folder_.disk().Sync(fd, segment); !synced) return synced;
  const std::string bytes = std::to_string(to - from);
  found.findings.push_back(
      {.what = "audit.torn",
       .severity = NoticeSeverity::kWarning,
       .sentence = bytes + " bytes of a line that was cut off were moved to " + torn_name,
       .details = {{"segment", segment}, {"bytes", bytes}, {"file", torn_name}}});
  return {};
}

// Where the last segment's header cannot be read.
std::string LogIdFrom(AuditFolder& folder, const std::vector<std::string>& segments) {
  for (const std::string& segment : segments) {
    const auto file = folder.OpenToAppend(segment);
    if (!file) continue;
    LineReader lines(file->get(), folder.PathOf(segment), UINT64_MAX, kLongestLine);
    const auto line = lines.Next();
    const auto header = line && *line ? ParseSegmentHeader((*line)->text) : std::nullopt;
    if (header && !header->log.empty()) return header->log;
  }
  return {};
}

void CompareEnd(const std::vector<Checkpoint>& known, LogEnd& found) {
  for (const Checkpoint& one : known) {
    if (one.log != found.log) {
      found.findings.push_back(Broken(
          (found.segment.empty() ? "the log is gone: " : "the log was put in another's place: ") +
              ("a checkpoint names line " + std::to_string(one.point.seq) + " of the log " +
               one.log),
          found.segment, one.point.seq));
    } else if (one.point.seq > found.end.seq) {
      found.used_up_to = std::max(found.used_up_to, one.point.seq);
      found.findings.push_back(Broken(
          "the end of the log is missing: its last line is " + std::to_string(found.end.seq) +
              ", and a checkpoint names line " + std::to_string(one.point.seq),
          found.segment, one.point.seq));
    }
  }
}

}  // namespace

bool LogEnd::broken() const {
  return std::ranges::any_of(
      findings, [](const LogFinding& one) { return one.severity == NoticeSeverity::kHigh; });
}

Result<LogEnd> FindLogEnd(AuditFolder& folder, const std::vector<Checkpoint>& known) {
  LogEnd found;
  auto segments = folder.Segments();
  if (!segments) return segments.error();
  while (!segments->empty()) {
    const auto last = Look(folder, known).At(segments->back(), found);
    if (!last) return last.error();
    if (*last) break;
    segments->pop_back();
    if (auto synced = folder.disk().Sync(folder.dir(), "the folder"); !synced)
      return synced.error();
  }
  if (found.log.empty()) found.log = LogIdFrom(folder, *segments);
  CompareEnd(known, found);
  return found;
}

}  // namespace surety
