#include "agent/issuance/certificate_time.h"

#include <time.h>

#include <algorithm>
#include <array>

namespace surety {

std::optional<WallTime> TimeOf(const ASN1_TIME* time) {
  tm parts{};
  if (ASN1_TIME_to_tm(time, &parts) != 1) return std::nullopt;
  constexpr auto kFirst = std::chrono::ceil<Seconds>(WallTime::min());
  constexpr auto kLast = std::chrono::floor<Seconds>(WallTime::max());
  return std::clamp(std::chrono::sys_seconds(Seconds(::timegm(&parts))), kFirst, kLast);
}

std::string DateText(WallTime time) {
  const std::time_t seconds = std::chrono::floor<Seconds>(time).time_since_epoch().count();
  tm parts{};
  ::gmtime_r(&seconds, &parts);
  std::array<char, 40> text{};
  const std::size_t length =
      std::strftime(text.data(), text.size(), "%Y-%m-%d %H:%M:%S UTC", &parts);
  return {text.data(), length};
}

}  // namespace surety
