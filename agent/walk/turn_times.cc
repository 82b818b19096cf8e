#include <algorithm>

#include "surety/session.h"

namespace surety {

BootTime TurnRetry::After(BootTime now) {
  delay_ = std::clamp(delay_ * 2, first_, last_);
  return now + delay_;
}

BootClock::duration RotateAfter(BootClock::duration lifetime, std::string_view serial) {
  std::uint32_t hash = 2166136261U;  // FNV-1a, 32 bit: spread, not secrecy.
  for (const char byte : serial) hash = (hash ^ static_cast<unsigned char>(byte)) * 16777619U;
  const auto tenth = lifetime / 2 / 10;
  const double place = 2.0 * hash / 4294967295.0 - 1.0;  // -1 to 1
  return lifetime / 2 + BootClock::duration(static_cast<BootClock::rep>(
                            place * static_cast<double>(tenth.count())));
}

}  // namespace surety
