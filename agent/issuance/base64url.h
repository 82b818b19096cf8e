#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace surety {

/// RFC 7515 section 2: the URL-safe alphabet, without padding.
std::string Base64Url(std::string_view bytes);

/// The one text that Base64Url() gives for some bytes, read back; nullopt for any
/// other: padding, blanks, another alphabet, bits left over that are not zero.
std::optional<std::string> DecodeBase64Url(std::string_view text);

/// The same for the other alphabet, with its padding (RFC 4648 section 4).
std::optional<std::string> DecodeBase64(std::string_view text);

}  // namespace surety
