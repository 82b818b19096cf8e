#pragma once

#include <string_view>

#include "surety/result.h"

namespace surety {

inline constexpr std::size_t kMaxUrlBytes = 2'048;

/// Whether `url` is one of a bundle endpoint (SPIFFE_Federation.md section 5.2.1.1): "https",
/// a host, no user and no password. kInvalidArgument says what is wrong.
Result<void> CheckHttpsUrl(std::string_view url);

/// The same, and nothing behind host and port.
Result<void> CheckHttpsOrigin(std::string_view url);

}  // namespace surety
