#pragma once

#include <compare>
#include <functional>
#include <string>

#include "surety/clock.h"

namespace surety {

/// Names one SVID: serials are unique for each issuer (RFC 5280 section 4.1.2.2).
struct SvidKey {
  std::string serial;         ///< Lower-case hex.
  std::string issuer_key_id;  ///< Lower-case hex.
  auto operator<=>(const SvidKey&) const = default;
};

/// How long something about an SVID is worth keeping: until it has expired by the
/// wall clock *and* the whole of its lifetime has passed by CLOCK_BOOTTIME, so
/// that a wall clock that leaps ahead and back again forgets nothing.
struct Keeping {
  WallTime not_after;
  BootTime at_least_until;

  static Keeping Of(WallTime not_before, WallTime not_after, Moment now) {
    return {not_after, now.boot + (not_after - not_before)};
  }
  [[nodiscard]] bool Over(Moment now) const {
    return now.wall > not_after && now.boot > at_least_until;
  }
};

}  // namespace surety

template <>
struct std::hash<surety::SvidKey> {
  std::size_t operator()(const surety::SvidKey& key) const noexcept {
    return std::hash<std::string>{}(key.serial) * 31 + std::hash<std::string>{}(key.issuer_key_id);
  }
};
