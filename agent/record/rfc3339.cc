#include "agent/record/rfc3339.h"

#include <array>
#include <chrono>
#include <cstdint>

namespace surety {
namespace {

using std::chrono::days;
using std::chrono::nanoseconds;

constexpr std::string_view kShape = "dddd-dd-ddTdd:dd:dd";
constexpr std::size_t kNanoDigits = 9;
// What the 64-bit nanoseconds of WallTime can hold, in whole years.
constexpr int kFirstYear = 1678;
constexpr int kLastYear = 2261;

void AppendDigits(std::string& out, std::uint64_t number, std::size_t width) {
  std::array<char, 20> digits{};
  for (std::size_t i = width; i > 0; --i) {
    digits.at(i - 1) = static_cast<char>('0' + number % 10);
    number /= 10;
  }
  out.append(digits.data(), width);
}

void AppendSeconds(std::string& out, WallTime time) {
  const auto day = std::chrono::floor<days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(std::chrono::floor<Seconds>(time - day));
  AppendDigits(out, static_cast<std::uint64_t>(static_cast<int>(date.year())), 4);
  out += '-';
  AppendDigits(out, static_cast<unsigned>(date.month()), 2);
  out += '-';
  AppendDigits(out, static_cast<unsigned>(date.day()), 2);
  out += 'T';
  AppendDigits(out, static_cast<std::uint64_t>(clock.hours().count()), 2);
  out += ':';
  AppendDigits(out, static_cast<std::uint64_t>(clock.minutes().count()), 2);
  out += ':';
  AppendDigits(out, static_cast<std::uint64_t>(clock.seconds().count()), 2);
}

std::uint64_t FractionOf(WallTime time) {
  return static_cast<std::uint64_t>(nanoseconds(time - std::chrono::floor<Seconds>(time)).count());
}

bool HasShape(std::string_view text, std::string_view shape) {
  if (text.size() != shape.size()) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool digit = text[i] >= '0' && text[i] <= '9';
    if (shape[i] == 'd' ? !digit : text[i] != shape[i]) return false;
  }
  return true;
}

int NumberAt(std::string_view text, std::size_t at, std::size_t width) {
  int number = 0;
  for (std::size_t i = at; i < at + width; ++i) number = number * 10 + (text[i] - '0');
  return number;
}

std::optional<WallTime> ParseSeconds(std::string_view text) {
  if (!HasShape(text, kShape)) return std::nullopt;
  const std::chrono::year_month_day date(
      std::chrono::year(NumberAt(text, 0, 4)),
      std::chrono::month(static_cast<unsigned>(NumberAt(text, 5, 2))),
      std::chrono::day(static_cast<unsigned>(NumberAt(text, 8, 2))));
  const int hour = NumberAt(text, 11, 2);
  const int minute = NumberAt(text, 14, 2);
  const int second = NumberAt(text, 17, 2);
  const int year = static_cast<int>(date.year());
  if (!date.ok() || year < kFirstYear || year > kLastYear) return std::nullopt;
  if (hour > 23 || minute > 59 || second > 59) return std::nullopt;
  return WallTime(std::chrono::sys_days(date)) + std::chrono::hours(hour) +
         std::chrono::minutes(minute) + Seconds(second);
}

}  // namespace

void AppendRfc3339Nanos(std::string& out, WallTime time) {
  AppendSeconds(out, time);
  out += '.';
  AppendDigits(out, FractionOf(time), kNanoDigits);
  out += 'Z';
}

std::string Rfc3339Exact(WallTime time) {
  std::string out;
  if (FractionOf(time) != 0) {
    AppendRfc3339Nanos(out, time);
    return out;
  }
  AppendSeconds(out, time);
  out += 'Z';
  return out;
}

std::optional<WallTime> ParseRfc3339(std::string_view text) {
  if (!text.ends_with('Z')) return std::nullopt;
  text.remove_suffix(1);
  const auto whole = ParseSeconds(text.substr(0, kShape.size()));
  if (!whole || text.size() == kShape.size()) return whole;
  const std::string_view fraction = text.substr(kShape.size());
  if (!HasShape(fraction, ".ddddddddd")) return std::nullopt;
  return *whole + nanoseconds(NumberAt(fraction, 1, kNanoDigits));
}

}  // namespace surety
