#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "agent/record/line_reader.h"
#include "surety/result.h"
#include "surety/unique_fd.h"

namespace surety {

/// Opens the folder of a log to read it, be it in use, a copy, or another user's.
/// kNotFound, kPermissionDenied.
Result<UniqueFd> OpenLogFolder(const std::string& path);

/// Goes through the lines of a log, segment after segment, and on as it grows.
/// Takes no lock and holds one line in memory. Judges nothing. Not thread-safe.
class LogCursor {
 public:
  struct Item {
    LineReader::Line line;  ///< Valid until the next call.
    /// The line is the first of its segment that is read.
    bool begins_segment = false;
    /// Then: bytes without a newline at the end of the segment before.
    std::uint64_t unfinished_before = 0;
  };

  /// Begins with the segment that has line `from_seq`, or with the first there
  /// is. Borrows the folder, whose path is for errors.
  LogCursor(int dir, std::string path, std::uint64_t from_seq)
      : dir_(dir), path_(std::move(path)), from_seq_(from_seq) {}

  /// nullopt at the end of what there is now; a later call may have more. An
  /// Error is of reading.
  Result<std::optional<Item>> Next();

  /// The file that the last line was in; empty before the first.
  [[nodiscard]] const std::string& segment() const { return segment_; }
  /// At the end: bytes without a newline there.
  [[nodiscard]] std::uint64_t unfinished() const { return reader_ ? reader_->unfinished() : 0; }
  [[nodiscard]] std::string_view unfinished_text() const {
    return reader_ ? reader_->unfinished_text() : std::string_view();
  }

 private:
  Result<bool> GoOn();
  Result<std::string> NextName() const;
  Result<bool> Open(const std::string& name);

  const int dir_;
  const std::string path_;
  const std::uint64_t from_seq_;
  std::string segment_;
  UniqueFd file_;
  std::unique_ptr<LineReader> reader_;
  bool began_ = false;       // A line of segment_ was given.
  bool read_again_ = false;  // After a later segment was seen, up to the end.
  std::uint64_t unfinished_before_ = 0;
};

}  // namespace surety
