#pragma once

#include <array>
#include <string_view>
#include <vector>

namespace surety {

/// The variables that make the loader or the C library run code that the
/// executable does not name (ld.so(8), iconv(3)).
inline constexpr std::array<std::string_view, 4> kLoaderVariables = {
    "GCONV_PATH", "LD_AUDIT", "LD_LIBRARY_PATH", "LD_PRELOAD"};

/// Which of them are set, and not to nothing, in the contents of
/// /proc/PID/environ (proc(5)): strings NAME=VALUE, each ended by a zero byte. A
/// name that stands there several times counts if any of its values is not empty.
/// The process may have written anything over it: what is not NAME=VALUE is
/// passed over. In the order above. Pure.
std::vector<std::string_view> FindLoaderVariables(std::string_view environment);

}  // namespace surety
