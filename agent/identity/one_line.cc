#include "agent/identity/one_line.h"

#include <algorithm>

namespace surety {

std::string OneLine(std::string_view text, char instead) {
  std::string line(text);
  std::ranges::replace_if(
      line, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; }, instead);
  return line;
}

}  // namespace surety
