#include "agent/policy/facts_writer.h"

#include <cstddef>

namespace surety {
namespace {

bool IsPlain(char c) { return c >= ' ' && c <= '~' && c != '"' && c != '\\'; }

unsigned char Byte(std::string_view text, std::size_t at) {
  return at < text.size() ? static_cast<unsigned char>(text[at]) : 0;
}

/// How many bytes at the front of `text` are one well-formed character of two bytes or
/// more (Unicode 15, table 3-7); 0 if none is.
std::size_t CharacterLength(std::string_view text) {
  const auto continues = [&](std::size_t at, unsigned low, unsigned high) {
    return Byte(text, at) >= low && Byte(text, at) <= high;
  };
  const unsigned lead = Byte(text, 0);
  if (lead >= 0xC2 && lead <= 0xDF) return continues(1, 0x80, 0xBF) ? 2 : 0;
  if (lead >= 0xE0 && lead <= 0xEF) {
    const bool second = continues(1, lead == 0xE0 ? 0xA0 : 0x80, lead == 0xED ? 0x9F : 0xBF);
    return second && continues(2, 0x80, 0xBF) ? 3 : 0;
  }
  if (lead >= 0xF0 && lead <= 0xF4) {
    const bool second = continues(1, lead == 0xF0 ? 0x90 : 0x80, lead == 0xF4 ? 0x8F : 0xBF);
    return second && continues(2, 0x80, 0xBF) && continues(3, 0x80, 0xBF) ? 4 : 0;
  }
  return 0;
}

void AppendOddByte(unsigned char byte, std::string& out) {
  constexpr std::string_view kHex = "0123456789abcdef";
  if (byte == '"' || byte == '\\') {
    out.append(1, '\\').append(1, static_cast<char>(byte));
  } else if (byte < 0x80) {
    out.append("\\u00").append(1, kHex[byte >> 4U]).append(1, kHex[byte & 15U]);
  } else {
    out += "\xEF\xBF\xBD";
  }
}

}  // namespace

void FactsWriter::Text(std::string_view prefix, std::string_view value) {
  Separate();
  text_ += '"';
  AppendEscaped(prefix);
  AppendEscaped(value);
  text_ += '"';
}

void FactsWriter::AppendQuoted(std::string_view value) {
  text_ += '"';
  AppendEscaped(value);
  text_ += '"';
}

void FactsWriter::AppendEscaped(std::string_view value) {
  while (!value.empty()) {
    std::size_t plain = 0;
    while (plain < value.size() && IsPlain(value[plain])) ++plain;
    text_.append(value.substr(0, plain));
    value.remove_prefix(plain);
    if (value.empty()) return;
    const std::size_t length = CharacterLength(value);
    if (length == 0) {
      AppendOddByte(static_cast<unsigned char>(value.front()), text_);
      value.remove_prefix(1);
    } else {
      text_.append(value.substr(0, length));
      value.remove_prefix(length);
    }
  }
}

}  // namespace surety
