#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>

#include "surety/clock.h"

namespace surety {

/// The moment at which a turn due at `due` is taken together with others due at about the
/// same time: one wake-up, and the caches are warm from the second on. Never before `due`
/// and at most a sixteenth of the wait, or 8.6 s, after it. Moments are multiples of a
/// power of two of nanoseconds, so that waits begun at different times meet.
inline BootTime SharedMoment(BootTime due, BootTime now) {
  constexpr std::uint64_t kMostLate = std::uint64_t{1} << 33;  // Nanoseconds.
  if (due <= now || due > BootTime::max() - BootClock::duration(kMostLate)) return due;
  const auto wait = static_cast<std::uint64_t>((due - now).count());
  const std::uint64_t late = std::min(std::bit_floor(wait / 16), kMostLate);
  if (late == 0) return due;
  const auto at = static_cast<std::uint64_t>(due.time_since_epoch().count());
  return BootTime(BootClock::duration((at + late - 1) / late * late));
}

}  // namespace surety
