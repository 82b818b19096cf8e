#pragma once

#include <array>
#include <charconv>
#include <concepts>
#include <string>
#include <string_view>

namespace surety {

/// Writes JSON (RFC 8259) front to back into one string, for a place where building a
/// tree first would cost more than what is asked with it. Commas are set by itself;
/// that objects and arrays are closed is the caller's business. Bytes that are not
/// UTF-8 become U+FFFD, so that the text is always valid. Not thread-safe.
class FactsWriter {
 public:
  explicit FactsWriter(std::size_t expected_size) { text_.reserve(expected_size); }

  void BeginObject() { Open('{'); }
  void EndObject() { Close('}'); }
  void BeginArray() { Open('['); }
  void EndArray() { Close(']'); }

  /// The next value is that of `name`, which needs no escapes.
  void Key(std::string_view name) {
    Separate();
    text_.append(1, '"').append(name).append("\":");
    first_ = true;
  }

  void Text(std::string_view value) {
    Separate();
    AppendQuoted(value);
  }
  /// `prefix` and `value` as one text.
  void Text(std::string_view prefix, std::string_view value);
  void Bool(bool value) {
    Separate();
    text_ += value ? "true" : "false";
  }
  template <std::integral Number>
  void Int(Number value) {
    Separate();
    std::array<char, 24> digits{};
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
    text_.append(digits.data(), end);
  }

  [[nodiscard]] std::string Take() && { return std::move(text_); }

 private:
  void Separate() {
    if (!first_) text_ += ',';
    first_ = false;
  }
  void Open(char bracket) {
    Separate();
    text_ += bracket;
    first_ = true;
  }
  void Close(char bracket) {
    text_ += bracket;
    first_ = false;
  }
  void AppendQuoted(std::string_view value);
  void AppendEscaped(std::string_view value);

  std::string text_;
  bool first_ = true;  // Nothing stands before the next item.
};

}  // namespace surety
