#pragma once

#include "surety/clock.h"

namespace surety {

/// The machine's own clocks: CLOCK_BOOTTIME and CLOCK_REALTIME (clock_gettime(2)).
class SystemClock final : public Clock {
 public:
  [[nodiscard]] Moment Now() const override;
};

}  // namespace surety
