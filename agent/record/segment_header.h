#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "surety/clock.h"

namespace surety {

/// The first line of each segment: part of the chain, and says what it follows.
struct SegmentHeader {
  std::string log;       ///< Names the log for ever: 16 hex digits.
  std::string segment;   ///< The file's own name.
  std::string previous;  ///< The segment before; empty for the first of a log.
  bool operator==(const SegmentHeader&) const = default;
};

/// The members between head and hash (audit_line.h).
std::string SegmentBody(const SegmentHeader& header, const Moment& now, std::string_view boot_id);

/// From a whole line. nullopt if it is none.
std::optional<SegmentHeader> ParseSegmentHeader(std::string_view line);

}  // namespace surety
