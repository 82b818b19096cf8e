#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "agent/record/audit_hash.h"
#include "agent/record/audit_line.h"
#include "agent/record/line_reader.h"
#include "agent/record/segment_header.h"

namespace surety {

/// One place where the log is not what it should be.
struct AuditBreak {
  std::string segment;     ///< File name.
  std::uint64_t line = 0;  ///< In it, from 1; 0 if it is not about a line.
  std::uint64_t seq = 0;   ///< The number that belongs there; 0 if not known.
  std::string what;        ///< In plain words.
};

/// Follows a chain line by line through its segments and tells each break once:
/// after one it goes on from what it finds. Holds the last place only. Not
/// thread-safe.
class AuditChain {
 public:
  using OnBreak = std::function<void(const AuditBreak&)>;
  AuditChain(AuditHasher hasher, OnBreak on_break)
      : hasher_(std::move(hasher)), on_break_(std::move(on_break)) {}

  /// The lines that follow are of this file.
  void BeginSegment(const std::string& name);

  /// Judges the next line. Its frame if what is in it is what was written,
  /// wherever it stands; nullopt if it was changed. An Error is the library's.
  Result<std::optional<LineFrame>> Take(const LineReader::Line& line);

  /// The segment has ended; bytes without a newline at its end are a break.
  void EndSegment(std::uint64_t unfinished);

  /// The last line in order, whether or not it was as it should be.
  [[nodiscard]] const ChainPoint& end() const { return end_; }
  /// Of the first line that was read; 0 before.
  [[nodiscard]] std::uint64_t first_seq() const { return first_seq_; }
  /// The log's id; empty before the first header.
  [[nodiscard]] const std::string& log() const { return log_; }

 private:
  void JudgeDamaged(const std::optional<LineFrame>& frame, const HashText& is);
  void JudgePlace(const LineFrame& frame);
  void JudgeHeader(const SegmentHeader& header, const LineFrame& frame);
  void Break(std::uint64_t seq, std::string what);

  AuditHasher hasher_;
  OnBreak on_break_;
  std::string segment_;
  std::string previous_;
  std::uint64_t line_ = 0;
  std::string log_;
  std::uint64_t first_seq_ = 0;
  ChainPoint end_;
  // Of a line that was changed, what its content hashes to: if the hash field
  // was changed, the next line follows from this.
  std::optional<HashText> or_else_;
  bool resync_ = false;  // Nothing is known of the line before.
};

}  // namespace surety
