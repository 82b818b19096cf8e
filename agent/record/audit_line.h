#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "agent/record/audit_hash.h"
#include "surety/result.h"

namespace surety {

// A line of the log, byte for byte (docs/audit.md):
//
//   {"seq":17,"prev":"<64 hex>","type":"decision", … ,"hash":"<64 hex>"}\n
//
// `prev` is the hash of the line before, `hash` that of this line without
// `,"hash":"<64 hex>"` and the newline.

/// No line is longer, its newline included. What would be is not written.
inline constexpr std::size_t kLongestLine = std::size_t{1} << 20;

inline constexpr std::string_view kSegmentLine = "segment";
inline constexpr std::string_view kDecisionLine = "decision";
inline constexpr std::string_view kNoticeLine = "notice";

/// A place in the chain: a line's sequence number and hash.
struct ChainPoint {
  std::uint64_t seq = 0;  ///< 0: before the first line, whose number is 1.
  HashText hash;
  bool operator==(const ChainPoint&) const = default;
};

/// What a new line begins with: where it stands and what it is.
struct LineHead {
  std::uint64_t seq = 0;
  HashText prev;
  std::string_view type;
  std::string_view decision{};  ///< Its id; empty for other lines.
};

/// Appends a line to `out` and returns its place in the chain. `body` is what
/// stands between head and hash: JSON members, without a comma at either end.
/// kResourceExhausted if the line would be too long, kInternal if the library
/// fails; `out` is then as before.
Result<ChainPoint> AppendLine(std::string& out, const LineHead& head, std::string_view body,
                              AuditHasher& hasher);

/// What every line has, as views into it. Says nothing about what lies between,
/// and not whether the hash is right.
struct LineFrame {
  std::uint64_t seq = 0;
  std::string_view prev;
  std::string_view type;
  std::string_view hash;
  std::string_view before_hash;  ///< What AuditHasher::OfLine takes.
};

/// nullopt if `line`, without its newline, is none of ours: a byte of what the
/// frame consists of is another one.
std::optional<LineFrame> ReadFrame(std::string_view line);

/// Whether `text` is `length` lower-case hex digits.
bool IsHex(std::string_view text, std::size_t length);

/// Appends a number in decimal.
void AppendNumber(std::string& out, std::uint64_t number);

}  // namespace surety
