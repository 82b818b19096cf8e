#include "agent/issuance/base64url.h"

#include <algorithm>
#include <array>
#include <cstdint>

namespace surety {
namespace {

constexpr std::string_view kAlphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
constexpr unsigned kBitsPerDigit = 6;
constexpr unsigned kBitsPerByte = 8;
constexpr std::uint8_t kNoDigit = 0xff;

constexpr std::array<std::uint8_t, 256> MakeDigits() {
  std::array<std::uint8_t, 256> digits{};
  digits.fill(kNoDigit);
  for (std::size_t i = 0; i < kAlphabet.size(); ++i)
    digits.at(static_cast<unsigned char>(kAlphabet[i])) = static_cast<std::uint8_t>(i);
  return digits;
}
constexpr auto kDigits = MakeDigits();

}  // namespace

std::string Base64Url(std::string_view bytes) {
  constexpr std::uint32_t kDigitMask = 63;
  std::string out;
  out.reserve((bytes.size() * 4 + 2) / 3);
  std::uint32_t bits = 0;
  unsigned count = 0;
  for (const char byte : bytes) {
    bits = (bits << kBitsPerByte) | static_cast<unsigned char>(byte);
    count += kBitsPerByte;
    for (; count >= kBitsPerDigit; count -= kBitsPerDigit)
      out += kAlphabet[(bits >> (count - kBitsPerDigit)) & kDigitMask];
  }
  if (count > 0) out += kAlphabet[(bits << (kBitsPerDigit - count)) & kDigitMask];
  return out;
}

std::optional<std::string> DecodeBase64Url(std::string_view text) {
  std::string out;
  out.reserve(text.size() * 3 / 4);
  std::uint32_t bits = 0;
  unsigned count = 0;
  for (const char digit : text) {
    const std::uint8_t value = kDigits.at(static_cast<unsigned char>(digit));
    if (value == kNoDigit) return std::nullopt;
    bits = (bits << kBitsPerDigit) | value;
    count += kBitsPerDigit;
    if (count < kBitsPerByte) continue;
    count -= kBitsPerByte;
    out += static_cast<char>((bits >> count) & 0xffU);
  }
  const bool whole = count < kBitsPerDigit;
  const bool rest_is_zero = (bits & ((1U << count) - 1)) == 0;
  if (!whole || !rest_is_zero) return std::nullopt;
  return out;
}

std::optional<std::string> DecodeBase64(std::string_view text) {
  constexpr std::size_t kGroup = 4;
  if (text.size() % kGroup != 0 || text.find_first_of("-_") != std::string_view::npos)
    return std::nullopt;
  for (int padding = 0; padding < 2 && text.ends_with('='); ++padding) text.remove_suffix(1);
  std::string url(text);
  std::ranges::replace(url, '+', '-');
  std::ranges::replace(url, '/', '_');
  return DecodeBase64Url(url);
}

}  // namespace surety
