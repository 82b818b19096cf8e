#include <cstdint>
#include <cstdlib>
#include <string>

#include "attestors/printable.h"

namespace {

// Undoes the escaping. Aborts at anything that Printable never writes.
std::string Unescape(const std::string& text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if (byte < 0x20 || byte == 0x7f) std::abort();
    if (text[i] != '\\') {
      out += text[i];
      continue;
    }
    if (i + 3 >= text.size() || text[i + 1] != 'x') std::abort();
    out += static_cast<char>(std::stoi(text.substr(i + 2, 2), nullptr, 16));
    i += 3;
  }
  return out;
}

}  // namespace

// No control byte comes out, and nothing is lost.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  if (Unescape(surety::Printable(text)) != text) std::abort();
  return 0;
}
