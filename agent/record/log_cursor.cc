#include "agent/record/log_cursor.h"

#include <fcntl.h>

#include <utility>
#include <vector>

#include "agent/issuance/own_folder.h"
#include "agent/record/audit_line.h"
#include "agent/record/audit_names.h"

namespace surety {

Result<UniqueFd> OpenLogFolder(const std::string& path) {
  UniqueFd dir(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!dir) return OpenFailed(path).Within("the audit log's folder");
  return dir;
}

Result<std::optional<LogCursor::Item>> LogCursor::Next() {
  while (true) {
    if (reader_) {
      auto line = reader_->Next();
      if (!line) return line.error();
      if (*line) {
        const bool begins = !std::exchange(began_, true);
        return std::optional(Item{.line = **line,
                                  .begins_segment = begins,
                                  .unfinished_before = begins ? unfinished_before_ : 0});
      }
    }
    const auto more = GoOn();
    if (!more) return more.error();
    if (!*more) return std::optional<Item>();
  }
}

// At the end of a segment: whether there is more to read.
Result<bool> LogCursor::GoOn() {
  const auto name = NextName();
  if (!name) return name.error();
  if (name->empty()) return false;
  // What was written before the next segment began may have come after our last look.
  if (reader_ && !std::exchange(read_again_, true)) return true;
  unfinished_before_ = unfinished();
  return Open(*name);
}

// The segment after this one; empty if there is none.
Result<std::string> LogCursor::NextName() const {
  auto names = ListSegments(dir_, path_);
  if (!names) return names.error();
  std::string next;
  for (std::string& name : *names) {
    if (name <= segment_) continue;
    const bool too_early = segment_.empty() && FirstSeqOf(name).value_or(0) <= from_seq_;
    if (next.empty() || too_early) next = std::move(name);
    if (!too_early) break;
  }
  return next;
}

Result<bool> LogCursor::Open(const std::string& name) {
  auto file = OpenForReading(dir_, path_, name);
  if (!file) {
    // Removed as too old since it was listed.
    if (file.error().code() == ErrorCode::kNotFound && segment_.empty()) return true;
    return file.error();
  }
  segment_ = name;
  file_ = *std::move(file);
  reader_ = std::make_unique<LineReader>(file_.get(), path_ + "/" + name, UINT64_MAX, kLongestLine);
  began_ = read_again_ = false;
  return true;
}

}  // namespace surety
