#include "agent/identity/duration_text.h"

#include <array>
#include <charconv>
#include <cstdint>

#include "agent/identity/diagnostic.h"

namespace surety {
namespace {

struct Unit {
  char letter;
  std::int64_t seconds;
};

constexpr std::array<Unit, 4> kUnits{{{'d', 86'400}, {'h', 3'600}, {'m', 60}, {'s', 1}}};
constexpr std::int64_t kMaxSeconds = std::int64_t{100} * 365 * 86'400;

Error Invalid(std::string_view text, std::string_view why) {
  return {ErrorCode::kInvalidArgument, Quoted(text) + " is not a duration: " + std::string(why)};
}

}  // namespace

Result<Seconds> ParseDuration(std::string_view text) {
  if (text.empty()) return Invalid(text, "it is empty");
  std::int64_t total = 0;
  std::size_t next_unit = 0;
  const char* at = text.data();
  const char* const end = text.data() + text.size();
  while (at != end) {
    std::uint32_t count = 0;
    const auto [stop, failed] = std::from_chars(at, end, count);
    if (failed == std::errc::result_out_of_range) return Invalid(text, "it is too long");
    if (failed != std::errc{}) return Invalid(text, "a whole number is expected before each unit");
    if (stop == end) return Invalid(text, "the unit is missing after the last number");
    while (next_unit < kUnits.size() && kUnits.at(next_unit).letter != *stop) ++next_unit;
    if (next_unit == kUnits.size())
      return Invalid(text, "units are d, h, m and s, largest first, each at most once");
    total += count * kUnits.at(next_unit).seconds;
    if (total > kMaxSeconds) return Invalid(text, "it is longer than 100 years");
    ++next_unit;
    at = stop + 1;
  }
  return Seconds(total);
}

std::string DurationText(Seconds span) {
  std::string out;
  std::int64_t left = span.count();
  for (const Unit& unit : kUnits) {
    if (left < unit.seconds) continue;
    out += std::to_string(left / unit.seconds) + unit.letter;
    left %= unit.seconds;
  }
  return out.empty() ? "0s" : out;
}

}  // namespace surety
