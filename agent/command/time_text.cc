#include "agent/command/time_text.h"

#include <time.h>

#include <array>
#include <cstdint>
#include <string_view>
#include <utility>

namespace surety {

std::string Rfc3339(WallTime time) {
  const time_t seconds = std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count();
  tm broken_down{};
  std::array<char, 40> text{};
  if (::gmtime_r(&seconds, &broken_down) == nullptr) return "unknown";
  return {text.data(), std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &broken_down)};
}

std::string SpanText(std::chrono::nanoseconds span) {
  using Unit = std::pair<std::int64_t, std::string_view>;
  constexpr std::array<Unit, 4> kUnits{{{86'400, "d"}, {3'600, "h"}, {60, "m"}, {1, "s"}}};
  auto left = std::chrono::abs(std::chrono::duration_cast<Seconds>(span)).count();
  for (std::size_t i = 0; i < kUnits.size(); ++i) {
    const auto [size, name] = kUnits.at(i);
    if (left < size && i + 1 < kUnits.size()) continue;
    std::string text = std::to_string(left / size) + std::string(name);
    if (i + 1 == kUnits.size()) return text;
    const auto [next_size, next_name] = kUnits.at(i + 1);
    return text + " " + std::to_string(left % size / next_size) + std::string(next_name);
  }
  return "0s";
}

std::string RelativeText(WallTime time, WallTime now) {
  if (time >= now + Seconds(1)) return "in " + SpanText(time - now);
  if (time <= now - Seconds(1)) return SpanText(now - time) + " ago";
  return "now";
}

}  // namespace surety
