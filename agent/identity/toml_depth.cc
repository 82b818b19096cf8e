#include "agent/identity/toml_depth.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>

namespace surety {
namespace {

constexpr std::size_t kMaxDots = 16;

/// Index behind the comment or string that begins at `at`.
std::size_t SkipComment(std::string_view text, std::size_t at) {
  return std::min(text.find('\n', at), text.size());
}

std::size_t SkipString(std::string_view text, std::size_t at) {
  const char quote = text[at];
  const bool triple = text.substr(at, 3) == std::string(3, quote);
  const std::string closing(triple ? 3 : 1, quote);
  std::size_t i = at + closing.size();
  while (i < text.size()) {
    if (text.substr(i, closing.size()) == closing) return i + closing.size();
    if (!triple && text[i] == '\n') return i;
    i += (quote == '"' && text[i] == '\\') ? 2 : 1;
  }
  return text.size();
}

Position PositionOf(std::string_view text, std::size_t index) {
  const std::string_view before = text.substr(0, index);
  const auto lines = std::count(before.begin(), before.end(), '\n');
  const std::size_t line_start = before.rfind('\n') + 1;
  return {static_cast<std::uint32_t>(lines + 1),
          static_cast<std::uint32_t>(index - line_start + 1)};
}

}  // namespace

std::optional<Position> TooDeepKey(std::string_view text) {
  std::size_t dots = 0;
  std::size_t i = 0;
  while (i < text.size()) {
    const char c = text[i];
    if (c == '#') {
      i = SkipComment(text, i);
      continue;
    }
    if (c == '"' || c == '\'') {
      i = SkipString(text, i);
      continue;
    }
    if (c == '\n') dots = 0;
    if (c == '.' && ++dots > kMaxDots) return PositionOf(text, i);
    ++i;
  }
  return std::nullopt;
}

}  // namespace surety
