#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "surety/clock.h"
#include "surety/result.h"

namespace surety {

/// Reads a time span as operators write it: "30s", "15m", "1h30m", "7d". Units
/// are d, h, m and s, largest first, each at most once, whole numbers only, no
/// spaces, no sign; "0s" is zero. kInvalidArgument says what is wrong; spans
/// above 100 years are refused, so that adding one to a time cannot overflow.
Result<Seconds> ParseDuration(std::string_view text);

/// The same with milliseconds as a fifth unit, ms: "250ms", "1s500ms".
Result<std::chrono::milliseconds> ParseFineDuration(std::string_view text);

/// The shortest text that ParseDuration reads back as the same span: "1h30m".
/// For spans of zero or more.
std::string DurationText(Seconds span);

/// The same for ParseFineDuration: "1s500ms".
std::string FineDurationText(std::chrono::milliseconds span);

}  // namespace surety
