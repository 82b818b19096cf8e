#include "agent/policy/text_limits.h"

#include <cstdint>
#include <string>

namespace surety {
namespace {

/// Walks over a Cedar text, past comments and strings, and keeps count.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : text_(text) {}

  /// What is wrong at `at()`; empty at the end of the text.
  std::string FirstExcess() {
    while (at_ < text_.size()) {
      if (text_.substr(at_).starts_with("//")) {
        SkipComment();
      } else if (text_[at_] == '"') {
        SkipString();
      } else {
        Count(text_[at_++]);
      }
      if (depth_ > kMaxPolicyDepth)
        return "brackets are nested more than " + std::to_string(kMaxPolicyDepth) + " deep";
      if (at_ - policy_begin_ > kMaxPolicyBytes)
        return "the policy is longer than " + std::to_string(kMaxPolicyBytes) + " bytes";
    }
    return {};
  }

  [[nodiscard]] Position at() const {
    const std::string_view before = text_.substr(0, at_);
    Position out{.line = 1, .column = 1};
    for (const char c : before) {
      if (c == '\n') {
        ++out.line;
        out.column = 1;
      } else if ((static_cast<unsigned char>(c) & 0xC0U) != 0x80U) {
        ++out.column;
      }
    }
    return out;
  }

 private:
  void SkipComment() {
    const auto end = text_.find('\n', at_);
    const std::size_t next = end == std::string_view::npos ? text_.size() : end + 1;
    policy_begin_ += next - at_;  // Comments cost the parser nothing.
    at_ = next;
  }

  void SkipString() {
    for (++at_; at_ < text_.size() && text_[at_] != '"'; ++at_)
      if (text_[at_] == '\\') ++at_;
    if (at_ < text_.size()) ++at_;
    at_ = at_ < text_.size() ? at_ : text_.size();
  }

  void Count(char c) {
    if (c == '(' || c == '[' || c == '{') ++depth_;
    if ((c == ')' || c == ']' || c == '}') && depth_ > 0) --depth_;
    if (c == ';') {
      policy_begin_ = at_;
      depth_ = 0;
    }
  }

  const std::string_view text_;
  std::size_t at_ = 0;
  std::size_t policy_begin_ = 0;
  std::size_t depth_ = 0;
};

}  // namespace

bool KeepsTextLimits(std::string_view text, FileDiagnostics& diagnostics) {
  Scanner scanner(text);
  const std::string excess = scanner.FirstExcess();
  if (excess.empty()) return true;
  diagnostics.Error(scanner.at(), excess, "split it into several policies");
  return false;
}

}  // namespace surety
