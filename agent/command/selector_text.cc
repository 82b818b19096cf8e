#include "agent/command/selector_text.h"

#include <algorithm>

#include "attestors/printable.h"

namespace surety {

std::optional<std::string> CopyableText(const Selector& selector) {
  std::string text = selector.Text();
  // A backslash is how the attestor escaped something, not a thing to escape.
  std::string plain = text;
  plain.erase(std::remove(plain.begin(), plain.end(), '\\'), plain.end());
  if (Printable(plain) != plain) return std::nullopt;
  return text;
}

std::string ShownText(const Selector& selector) {
  return CopyableText(selector).value_or(Printable(selector.Text()));
}

}  // namespace surety
