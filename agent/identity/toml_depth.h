#pragma once

#include <optional>
#include <string_view>

#include "agent/identity/diagnostic.h"

namespace surety {

/// Where in a TOML text a dotted key first has more than 16 dots on one line;
/// nullopt if it never does. toml++ limits the nesting of values but not that of
/// dotted keys, and frees what it parsed by recursion: a key of 100,000 dots
/// would overflow the stack.
std::optional<Position> TooDeepKey(std::string_view text);

}  // namespace surety
