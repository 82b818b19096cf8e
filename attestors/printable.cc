#include "attestors/printable.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace surety {
namespace {

bool IsPlain(unsigned char byte) { return byte >= 0x20 && byte < 0x7f && byte != '\\'; }

// Length of the well-formed multi-byte sequence at the front (RFC 3629, table
// in section 4), or 0. C1 controls (U+0080 to U+009F) count as not well-formed.
std::size_t SequenceLength(std::string_view text) {
  const auto at = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = at(0);
  const std::size_t length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  if (lead < 0xc2 || lead > 0xf4 || text.size() < length) return 0;
  for (std::size_t i = 1; i < length; ++i) {
    if ((at(i) & 0xc0) != 0x80) return 0;
  }
  const unsigned char second = at(1);
  const bool overlong = (lead == 0xe0 && second < 0xa0) || (lead == 0xf0 && second < 0x90);
  const bool surrogate = lead == 0xed && second > 0x9f;
  const bool too_large = lead == 0xf4 && second > 0x8f;
  const bool control = lead == 0xc2 && second < 0xa0;
  return overlong || surrogate || too_large || control ? 0 : length;
}

void AppendEscaped(std::string& out, unsigned char byte) {
  constexpr std::string_view kHex = "0123456789abcdef";
  out += "\\x";
  out += kHex[byte >> 4U];
  out += kHex[byte & 0x0fU];
}

}  // namespace

std::string Printable(std::string_view text) {
  const auto plain = [](char c) { return IsPlain(static_cast<unsigned char>(c)); };
  if (std::all_of(text.begin(), text.end(), plain)) return std::string(text);

  std::string out;
  while (!text.empty()) {
    std::size_t taken = 1;
    if (plain(text.front())) {
      out += text.front();
    } else if (const std::size_t length = SequenceLength(text); length > 0) {
      out += text.substr(0, length);
      taken = length;
    } else {
      AppendEscaped(out, static_cast<unsigned char>(text.front()));
    }
    text.remove_prefix(taken);
  }
  return out;
}

}  // namespace surety
