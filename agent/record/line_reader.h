#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "surety/result.h"

namespace surety {

/// Reads a file line by line, holding one line and a little more of it in
/// memory, whatever its size. Borrows the descriptor and does not move its
/// offset. Not thread-safe.
class LineReader {
 public:
  struct Line {
    std::string_view text;     ///< Without its newline; valid until the next call.
    std::uint64_t number = 0;  ///< From 1.
    bool too_long = false;     ///< `text` is only its beginning.
  };

  /// Reads from the beginning up to byte `end`, which may lie behind the end of
  /// the file. `longest` counts the newline. `name` is for errors.
  LineReader(int fd, std::string name, std::uint64_t end, std::size_t longest);

  /// nullopt where no newline follows any more. kUnavailable if reading fails.
  Result<std::optional<Line>> Next();

  /// The file has grown: what follows is read by the next calls.
  void SetEnd(std::uint64_t end) { end_ = end; }

  /// Where the line that Next() gave last ends.
  [[nodiscard]] std::uint64_t offset() const { return offset_; }
  /// After Next() gave nullopt: bytes without a newline at the end.
  [[nodiscard]] std::uint64_t unfinished() const { return read_to_ - offset_; }
  /// Those bytes, until the next call; empty if they are longer than a line may be.
  [[nodiscard]] std::string_view unfinished_text() const {
    return skipping_ ? std::string_view() : std::string_view(buffer_).substr(at_);
  }

 private:
  Result<bool> Fill();
  Line Give(std::size_t length);

  const int fd_;
  const std::string name_;
  std::uint64_t end_;
  const std::size_t longest_;
  std::string buffer_;         // The file's bytes before read_to_.
  std::size_t at_ = 0;         // In buffer_: where the next line begins.
  std::size_t searched_ = 0;   // In buffer_: no newline between at_ and here.
  std::uint64_t offset_ = 0;   // In the file: where the next line begins.
  std::uint64_t read_to_ = 0;  // In the file.
  std::uint64_t lines_ = 0;
  bool skipping_ = false;  // What is in front belongs to a line that is too long.
  std::string beginning_;  // Of that line.
};

}  // namespace surety
