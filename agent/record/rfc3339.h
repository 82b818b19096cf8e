#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "surety/clock.h"

namespace surety {

/// Appends a time as RFC 3339 writes it, in UTC with nine digits of fraction:
/// "2026-11-23T23:32:01.000000042Z". Always 30 bytes.
void AppendRfc3339Nanos(std::string& out, WallTime time);

/// The same without a fraction where there is none: "2026-11-23T23:32:01Z".
std::string Rfc3339Exact(WallTime time);

/// Reads what either of them wrote; "Z" only. nullopt for anything else.
std::optional<WallTime> ParseRfc3339(std::string_view text);

}  // namespace surety
