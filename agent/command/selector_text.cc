#include "agent/command/selector_text.h"

#include <algorithm>

#include "attestors/printable.h"

namespace surety {

std::optional<std::string> CopyableText(const Selector& selector) {
  std::string text = selector.Text();
  // A backslash is how the attestor escaped something, not a thing to escape. It
  // is put aside in place: taken out, it would join the bytes on its two sides.
  std::string plain = text;
  std::replace(plain.begin(), plain.end(), '\\', '/');
  if (Printable(plain) != plain) return std::nullopt;
  return text;
}

std::string ShownText(const Selector& selector) {
  return CopyableText(selector).value_or(Printable(selector.Text()));
}

}  // namespace surety
