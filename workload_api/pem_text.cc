#include "workload_api/pem_text.h"

#include <algorithm>

namespace surety {
namespace {

constexpr std::string_view kBegin = "-----BEGIN ";
constexpr std::string_view kEnd = "-----END ";
constexpr std::string_view kDashes = "-----\n";
constexpr std::size_t kBytesPerLine = 48;  // 64 characters.

void AppendGroup(std::span<const std::uint8_t> bytes, std::string& text) {
  constexpr std::string_view kDigits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::uint32_t bits = 0;
  for (std::size_t i = 0; i < 3; ++i) bits = bits << 8U | (i < bytes.size() ? bytes[i] : 0U);
  for (std::size_t i = 0; i < 4; ++i)
    text += i <= bytes.size() ? kDigits[bits >> (18 - 6 * i) & 0x3FU] : '=';
}

}  // namespace

std::size_t PemSize(std::string_view label, std::size_t der_bytes) {
  const std::size_t lines = (der_bytes + kBytesPerLine - 1) / kBytesPerLine;
  return kBegin.size() + kEnd.size() + 2 * (label.size() + kDashes.size()) +
         (der_bytes + 2) / 3 * 4 + lines;
}

void AppendPem(std::string_view label, std::span<const std::uint8_t> der, std::string& text) {
  text.append(kBegin).append(label).append(kDashes);
  while (!der.empty()) {
    auto line = der.first(std::min(der.size(), kBytesPerLine));
    der = der.subspan(line.size());
    for (; !line.empty(); line = line.subspan(std::min<std::size_t>(line.size(), 3)))
      AppendGroup(line.first(std::min<std::size_t>(line.size(), 3)), text);
    text += '\n';
  }
  text.append(kEnd).append(label).append(kDashes);
}

}  // namespace surety
