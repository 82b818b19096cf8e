#pragma once

#include <chrono>
#include <string>

#include "surety/clock.h"

namespace surety {

/// UTC to the second, as RFC 3339 writes it: "2026-11-23T23:32:01Z".
std::string Rfc3339(WallTime time);

/// A span for people, its two largest units, rounded down: "6d 23h", "14m 59s",
/// "9s". The sign is dropped.
std::string SpanText(std::chrono::nanoseconds span);

/// Where `time` lies as seen from `now`: "in 14m 59s", "3s ago", "now".
std::string RelativeText(WallTime time, WallTime now);

}  // namespace surety
