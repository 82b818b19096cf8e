#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace conformance {

/// RFC 7515 appendix C: no padding.
std::string EncodeBase64Url(std::string_view bytes);

/// None if a character or the length is wrong, or if bits are left over that are not zero.
std::optional<std::string> DecodeBase64Url(std::string_view text);

}  // namespace conformance
