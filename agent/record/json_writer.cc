#include "agent/record/json_writer.h"

#include <array>
#include <charconv>
#include <cmath>

namespace surety {
namespace {

constexpr std::string_view kReplacement = "\xef\xbf\xbd";  // U+FFFD
constexpr std::string_view kEllipsis = "\xe2\x80\xa6";

unsigned char ByteAt(std::string_view text, std::size_t at) {
  return static_cast<unsigned char>(text[at]);
}

// What stands in a string as it is. Bytes above 0x7f are looked at more closely.
constexpr std::array<bool, 256> kPlain = [] {
  std::array<bool, 256> plain{};
  for (std::size_t byte = 0x20; byte < 0x7f; ++byte) plain[byte] = byte != '"' && byte != '\\';
  return plain;
}();

void AppendUnicodeEscape(std::string& out, unsigned char code) {
  constexpr std::string_view kHex = "0123456789abcdef";
  out += "\\u00";
  out += kHex[code >> 4U];
  out += kHex[code & 0x0fU];
}

void AppendEscape(std::string& out, unsigned char byte) {
  switch (byte) {
    case '"': out += "\\\""; break;
    case '\\': out += "\\\\"; break;
    case '\n': out += "\\n"; break;
    case '\r': out += "\\r"; break;
    case '\t': out += "\\t"; break;
    default: AppendUnicodeEscape(out, byte);
  }
}

// Appends the character or the bad byte at the start; returns how much it took.
std::size_t AppendBeyondAscii(std::string& out, std::string_view text) {
  const std::size_t length = Utf8Length(text);
  if (length == 0) {
    out += kReplacement;
    return 1;
  }
  const bool control = length == 2 && ByteAt(text, 0) == 0xc2 && ByteAt(text, 1) < 0xa0;
  if (control) {
    AppendUnicodeEscape(out, ByteAt(text, 1));
  } else {
    out += text.substr(0, length);
  }
  return length;
}

// Cut so that no character is torn; bad bytes are cut anywhere.
std::string_view CutTo(std::string_view text, std::size_t longest) {
  std::size_t end = longest;
  while (end > 0 && longest - end < 3 && (ByteAt(text, end) & 0xc0U) == 0x80) --end;
  return text.substr(0, end);
}

bool IsContinuation(std::string_view text, std::size_t at, unsigned char low = 0x80,
                    unsigned char high = 0xbf) {
  return at < text.size() && ByteAt(text, at) >= low && ByteAt(text, at) <= high;
}

}  // namespace

std::size_t Utf8Length(std::string_view text) {
  if (text.empty()) return 0;
  const unsigned char first = ByteAt(text, 0);
  if (first < 0x80) return 1;
  if (first < 0xc2 || first > 0xf4) return 0;
  if (first < 0xe0) return IsContinuation(text, 1) ? 2 : 0;
  if (first < 0xf0) {
    const unsigned char low = first == 0xe0 ? 0xa0 : 0x80;
    const unsigned char high = first == 0xed ? 0x9f : 0xbf;  // No surrogates.
    return IsContinuation(text, 1, low, high) && IsContinuation(text, 2) ? 3 : 0;
  }
  const unsigned char low = first == 0xf0 ? 0x90 : 0x80;
  const unsigned char high = first == 0xf4 ? 0x8f : 0xbf;
  const bool whole =
      IsContinuation(text, 1, low, high) && IsContinuation(text, 2) && IsContinuation(text, 3);
  return whole ? 4 : 0;
}

void AppendJsonText(std::string& out, std::string_view text) {
  while (!text.empty()) {
    std::size_t plain = 0;
    while (plain < text.size() && kPlain[ByteAt(text, plain)]) ++plain;
    out += text.substr(0, plain);
    text.remove_prefix(plain);
    if (text.empty()) return;
    if (ByteAt(text, 0) < 0x80) {
      AppendEscape(out, ByteAt(text, 0));
      text.remove_prefix(1);
    } else {
      text.remove_prefix(AppendBeyondAscii(out, text));
    }
  }
}

void JsonWriter::Begin(char bracket) {
  Comma();
  out_ += bracket;
  comma_ = false;
}

void JsonWriter::End(char bracket) {
  out_ += bracket;
  comma_ = true;
}

void JsonWriter::Comma() {
  if (comma_) out_ += ',';
  comma_ = true;
}

JsonWriter& JsonWriter::Key(std::string_view name) {
  Comma();
  out_ += '"';
  AppendJsonText(out_, name);
  out_ += "\":";
  comma_ = false;
  return *this;
}

void JsonWriter::WriteText(std::string_view text, std::size_t longest) {
  Comma();
  out_ += '"';
  if (text.size() <= longest) {
    AppendJsonText(out_, text);
  } else {
    AppendJsonText(out_, CutTo(text, longest));
    out_ += kEllipsis;
    cut_ = true;
  }
  out_ += '"';
}

void JsonWriter::Unsigned(std::uint64_t number) {
  Comma();
  std::array<char, 24> digits{};
  const auto end = std::to_chars(digits.begin(), digits.end(), number).ptr;
  out_.append(digits.begin(), end);
}

void JsonWriter::Signed(std::int64_t number) {
  Comma();
  std::array<char, 24> digits{};
  const auto end = std::to_chars(digits.begin(), digits.end(), number).ptr;
  out_.append(digits.begin(), end);
}

void JsonWriter::Real(double number) {
  if (!std::isfinite(number)) return Null();
  Comma();
  std::array<char, 32> digits{};
  const auto end = std::to_chars(digits.begin(), digits.end(), number).ptr;
  out_.append(digits.begin(), end);
}

void JsonWriter::Bool(bool value) { Raw(value ? "true" : "false"); }

void JsonWriter::Null() { Raw("null"); }

void JsonWriter::Raw(std::string_view json) {
  Comma();
  out_ += json;
}

}  // namespace surety
