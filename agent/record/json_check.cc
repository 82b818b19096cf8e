#include "agent/record/json_check.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "agent/record/json_writer.h"

namespace surety {
namespace {

constexpr std::size_t kDeepest = 32;
constexpr std::size_t kLongestNumber = 40;
constexpr std::ptrdiff_t kMostExponentDigits = 2;

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

std::optional<std::uint32_t> HexDigit(char c) {
  if (IsDigit(c)) return static_cast<std::uint32_t>(c - '0');
  if (c >= 'a' && c <= 'f') return static_cast<std::uint32_t>(c - 'a' + 10);
  if (c >= 'A' && c <= 'F') return static_cast<std::uint32_t>(c - 'A' + 10);
  return std::nullopt;
}

/// Goes through the text once; each Take… steps over what it names or fails.
class Scan {
 public:
  Scan(std::string_view text, std::size_t deepest)
      : deepest_(std::min(deepest, kDeepest)), at_(text.begin()), end_(text.end()) {}

  bool WholeObject() {
    Spaces();
    if (!Take('{') || !Open(true)) return false;
    while (depth_ > 0) {
      if (!Step()) return false;
    }
    Spaces();
    return at_ == end_;
  }

 private:
  void Spaces() {
    while (at_ != end_ && (*at_ == ' ' || *at_ == '\t')) ++at_;
  }
  bool Take(char c) {
    if (at_ == end_ || *at_ != c) return false;
    ++at_;
    return true;
  }
  bool TakeWord(std::string_view word) {
    if (!std::string_view(at_, end_).starts_with(word)) return false;
    at_ += static_cast<std::ptrdiff_t>(word.size());
    return true;
  }

  // After an opening bracket: the bracket that closes it, or its first value.
  bool Open(bool object) {
    if (depth_ == deepest_) return false;
    is_object_.at(depth_++) = object;
    Spaces();
    if (Take(object ? '}' : ']')) return Close();
    return TakeName();
  }
  bool Close() {
    --depth_;
    after_value_ = true;
    return true;
  }
  bool TakeName() {
    after_value_ = false;
    if (!is_object_.at(depth_ - 1)) return true;
    Spaces();
    if (!TakeString()) return false;
    Spaces();
    return Take(':');
  }
  bool Step() {
    Spaces();
    if (after_value_) {
      if (Take(is_object_.at(depth_ - 1) ? '}' : ']')) return Close();
      return Take(',') && TakeName();
    }
    if (Take('{')) return Open(true);
    if (Take('[')) return Open(false);
    after_value_ = true;
    return TakeScalar();
  }
  bool TakeScalar() {
    if (at_ == end_) return false;
    switch (*at_) {
      case '"': return TakeString();
      case 't': return TakeWord("true");
      case 'f': return TakeWord("false");
      case 'n': return TakeWord("null");
      default: return TakeNumber();
    }
  }

  bool TakeString() {
    if (!Take('"')) return false;
    while (at_ != end_) {
      const auto byte = static_cast<unsigned char>(*at_);
      if (byte == '"') return Take('"');
      if (byte == '\\') {
        if (!TakeEscape()) return false;
      } else if (byte < 0x20) {
        return false;
      } else if (byte < 0x80) {
        ++at_;
      } else {
        const std::size_t length = Utf8Length(std::string_view(at_, end_));
        if (length == 0) return false;
        at_ += static_cast<std::ptrdiff_t>(length);
      }
    }
    return false;
  }
  bool TakeEscape() {
    ++at_;
    if (at_ == end_) return false;
    const char kind = *at_++;
    if (kind != 'u') return std::string_view("\"\\/bfnrt").find(kind) != std::string_view::npos;
    const auto code = TakeCode();
    if (!code) return false;
    const bool low = *code >= 0xdc00 && *code <= 0xdfff;
    const bool high = *code >= 0xd800 && *code <= 0xdbff;
    if (!high) return !low;
    if (!TakeWord("\\u")) return false;
    const auto second = TakeCode();
    return second && *second >= 0xdc00 && *second <= 0xdfff;
  }
  std::optional<std::uint32_t> TakeCode() {
    std::uint32_t code = 0;
    for (int i = 0; i < 4; ++i) {
      const auto digit = at_ == end_ ? std::nullopt : HexDigit(*at_);
      if (!digit) return std::nullopt;
      code = code * 16 + *digit;
      ++at_;
    }
    return code;
  }

  std::ptrdiff_t TakeDigits() {
    const auto begin = at_;
    while (at_ != end_ && IsDigit(*at_)) ++at_;
    return at_ - begin;
  }
  bool TakeNumber() {
    const auto begin = at_;
    Take('-');
    if (!Take('0') && TakeDigits() == 0) return false;
    if (Take('.') && TakeDigits() == 0) return false;
    if (Take('e') || Take('E')) {
      if (!Take('+')) Take('-');
      const auto digits = TakeDigits();
      if (digits == 0 || digits > kMostExponentDigits) return false;
    }
    return static_cast<std::size_t>(at_ - begin) <= kLongestNumber;
  }

  const std::size_t deepest_;
  std::string_view::const_iterator at_;
  const std::string_view::const_iterator end_;
  std::array<bool, kDeepest> is_object_{};
  std::size_t depth_ = 0;
  bool after_value_ = false;
};

}  // namespace

bool IsOneLineJsonObject(std::string_view text, std::size_t deepest) {
  return Scan(text, deepest).WholeObject();
}

}  // namespace surety
