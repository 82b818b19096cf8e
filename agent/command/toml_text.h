#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace surety {

/// `text`, which is UTF-8, as a basic string of TOML 1.0, on one line.
std::string TomlString(std::string_view text);

/// A list of them, on one line.
std::string TomlStrings(const std::vector<std::string>& texts);

}  // namespace surety
