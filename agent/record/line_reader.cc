#include "agent/record/line_reader.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <utility>

namespace surety {
namespace {

constexpr std::size_t kStep = std::size_t{128} << 10;
constexpr std::size_t kShown = 4096;  // Of a line that is too long.

}  // namespace

LineReader::LineReader(int fd, std::string name, std::uint64_t end, std::size_t longest)
    : fd_(fd), name_(std::move(name)), end_(end), longest_(longest) {}

Result<std::optional<LineReader::Line>> LineReader::Next() {
  while (true) {
    const auto newline = buffer_.find('\n', searched_);
    if (newline != std::string::npos) return std::optional(Give(newline - at_));
    searched_ = buffer_.size();
    if (buffer_.size() - at_ >= longest_) {
      if (!skipping_) beginning_ = buffer_.substr(at_, kShown);
      skipping_ = true;
      buffer_.clear();
      at_ = searched_ = 0;
    }
    const auto more = Fill();
    if (!more) return more.error();
    if (!*more) return std::optional<Line>();
  }
}

LineReader::Line LineReader::Give(std::size_t length) {
  Line line{.text = std::string_view(buffer_).substr(at_, length), .number = ++lines_};
  at_ += length + 1;
  searched_ = at_;
  offset_ = read_to_ - (buffer_.size() - at_);
  const bool skipped = std::exchange(skipping_, false);
  line.too_long = skipped || length + 1 > longest_;
  if (skipped) line.text = beginning_;
  return line;
}

Result<bool> LineReader::Fill() {
  if (read_to_ >= end_) return false;
  buffer_.erase(0, at_);
  searched_ -= at_;
  at_ = 0;
  const std::size_t before = buffer_.size();
  buffer_.resize(before + std::min<std::uint64_t>(kStep, end_ - read_to_));
  ssize_t got = -1;
  do {
    got = ::pread(fd_, buffer_.data() + before, buffer_.size() - before,
                  static_cast<off_t>(read_to_));
  } while (got < 0 && errno == EINTR);
  const int error = errno;
  buffer_.resize(before + static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
  if (got < 0)
    return Error(ErrorCode::kUnavailable,
                 "cannot read " + name_ + ": " + std::generic_category().message(error));
  read_to_ += static_cast<std::uint64_t>(got);
  return got > 0;
}

}  // namespace surety
