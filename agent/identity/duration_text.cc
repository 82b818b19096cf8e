#include "agent/identity/duration_text.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <span>

#include "agent/identity/diagnostic.h"

namespace surety {
namespace {

using std::chrono::milliseconds;

struct Unit {
  std::string_view name;
  std::int64_t milliseconds;
};
using Units = std::span<const Unit>;

constexpr std::array<Unit, 5> kFineUnits{
    {{"d", 86'400'000}, {"h", 3'600'000}, {"m", 60'000}, {"s", 1'000}, {"ms", 1}}};
constexpr Units kUnits = Units(kFineUnits).first<4>();
constexpr milliseconds kLongest = Seconds(std::int64_t{100} * 365 * 86'400);

Error Invalid(std::string_view text, const std::string& why) {
  return {ErrorCode::kInvalidArgument, Quoted(text) + " is not a duration: " + why};
}

std::string Names(Units units) {
  std::string out;
  for (const Unit& unit : units.first(units.size() - 1))
    out += (out.empty() ? "" : ", ") + std::string(unit.name);
  return out + " and " + std::string(units.back().name);
}

/// The letters at the start of `text`, which moves behind them.
std::string_view TakeLetters(std::string_view& text) {
  const auto* const stop =
      std::find_if(text.begin(), text.end(), [](char c) { return c < 'a' || c > 'z'; });
  const std::string_view letters = text.substr(0, static_cast<std::size_t>(stop - text.begin()));
  text.remove_prefix(letters.size());
  return letters;
}

Result<milliseconds> Parse(std::string_view text, const Units units) {
  if (text.empty()) return Invalid(text, "it is empty");
  milliseconds total{0};
  auto next_unit = units.begin();
  for (std::string_view rest = text; !rest.empty();) {
    std::uint32_t count = 0;
    const auto [stop, failed] = std::from_chars(rest.data(), rest.data() + rest.size(), count);
    if (failed == std::errc::result_out_of_range) return Invalid(text, "it is too long");
    if (failed != std::errc{}) return Invalid(text, "a whole number is expected before each unit");
    rest.remove_prefix(static_cast<std::size_t>(stop - rest.data()));
    if (rest.empty()) return Invalid(text, "the unit is missing after the last number");
    const std::string_view name = TakeLetters(rest);
    next_unit =
        std::find_if(next_unit, units.end(), [&](const Unit& unit) { return unit.name == name; });
    if (next_unit == units.end())
      return Invalid(text, "units are " + Names(units) + ", largest first, each at most once");
    total += milliseconds(count * next_unit->milliseconds);
    if (total > kLongest) return Invalid(text, "it is longer than 100 years");
    ++next_unit;
  }
  return total;
}

}  // namespace

Result<Seconds> ParseDuration(std::string_view text) {
  const auto span = Parse(text, kUnits);
  if (!span) return span.error();
  return std::chrono::floor<Seconds>(*span);
}

Result<milliseconds> ParseFineDuration(std::string_view text) { return Parse(text, kFineUnits); }

std::string DurationText(Seconds span) { return FineDurationText(span); }

std::string FineDurationText(milliseconds span) {
  std::string out;
  std::int64_t left = span.count();
  for (const Unit& unit : kFineUnits) {
    if (left < unit.milliseconds) continue;
    out += std::to_string(left / unit.milliseconds) + std::string(unit.name);
    left %= unit.milliseconds;
  }
  return out.empty() ? "0s" : out;
}

}  // namespace surety
