#include "conformance/base64url.h"

namespace conformance {
namespace {

constexpr std::string_view kAlphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

}  // namespace

std::string EncodeBase64Url(std::string_view bytes) {
  std::string text;
  unsigned pending = 0;
  unsigned bits = 0;
  for (const char byte : bytes) {
    pending = pending << 8U | static_cast<unsigned char>(byte);
    for (bits += 8; bits >= 6; bits -= 6) text += kAlphabet[pending >> (bits - 6) & 63U];
  }
  if (bits > 0) text += kAlphabet[pending << (6 - bits) & 63U];
  return text;
}

std::optional<std::string> DecodeBase64Url(std::string_view text) {
  std::string bytes;
  unsigned pending = 0;
  unsigned bits = 0;
  for (const char symbol : text) {
    const auto value = kAlphabet.find(symbol);
    if (value == std::string_view::npos) return std::nullopt;
    pending = pending << 6U | static_cast<unsigned>(value);
    bits += 6;
    if (bits < 8) continue;
    bits -= 8;
    bytes += static_cast<char>(pending >> bits & 255U);
  }
  if (bits >= 6 || (pending & ((1U << bits) - 1)) != 0) return std::nullopt;
  return bytes;
}

}  // namespace conformance
