#include "agent/issuance/der_writer.h"

#include <array>
#include <cstdio>

namespace surety {
namespace {

constexpr char kLongForm = '\x80';

char Octet(std::size_t value) { return static_cast<char>(static_cast<std::uint8_t>(value & 0xff)); }

}  // namespace

std::size_t DerWriter::Open(std::uint8_t tag) {
  out_.push_back(Octet(tag));
  out_.push_back('\0');
  return out_.size();
}

void DerWriter::Close(std::size_t start) {
  const std::size_t length = out_.size() - start;
  if (length < 0x80) {
    out_[start - 1] = Octet(length);
    return;
  }
  std::string octets;
  for (std::size_t rest = length; rest != 0; rest >>= 8U)
    octets.insert(octets.begin(), Octet(rest));
  out_[start - 1] = static_cast<char>(kLongForm | Octet(octets.size()));
  out_.insert(start, octets);
}

void DerWriter::Value(std::uint8_t tag, std::string_view content) {
  const std::size_t start = Open(tag);
  out_.append(content);
  Close(start);
}

void DerWriter::Unsigned(std::string_view big_endian) {
  while (big_endian.size() > 1 && big_endian.front() == '\0') big_endian.remove_prefix(1);
  Nested(der::kInteger, [&] {
    const bool empty = big_endian.empty();
    if (empty || (big_endian.front() & kLongForm) != 0) out_.push_back('\0');
    out_.append(big_endian);
  });
}

void DerWriter::Bits(std::string_view octets) {
  Nested(der::kBitString, [&] {
    out_.push_back('\0');
    out_.append(octets);
  });
}

void DerWriter::Time(WallTime time) {
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(std::chrono::floor<Seconds>(time - day));
  const int year = static_cast<int>(date.year());
  const bool utc = year >= 1950 && year <= 2049;

  std::array<char, 32> text{};
  const int length = std::snprintf(
      text.data(), text.size(), utc ? "%02d%02u%02u%02d%02d%02dZ" : "%04d%02u%02u%02d%02d%02dZ",
      utc ? year % 100 : year, static_cast<unsigned>(date.month()),
      static_cast<unsigned>(date.day()), static_cast<int>(clock.hours().count()),
      static_cast<int>(clock.minutes().count()), static_cast<int>(clock.seconds().count()));
  Value(utc ? der::kUtcTime : der::kGeneralizedTime,
        {text.data(), static_cast<std::size_t>(length)});
}

std::string Hex(std::string_view bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  text.reserve(bytes.size() * 2);
  for (const char byte : bytes) {
    const auto value = static_cast<std::uint8_t>(byte);
    text.push_back(kDigits[value >> 4U]);
    text.push_back(kDigits[value & 0x0fU]);
  }
  return text;
}

}  // namespace surety
