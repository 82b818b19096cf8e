#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace surety {

/// A block of DER as text (RFC 7468) behind `text`, which is never copied for it: it is
/// made long enough before, by PemSize.
void AppendPem(std::string_view label, std::span<const std::uint8_t> der, std::string& text);

/// How long that makes the text.
std::size_t PemSize(std::string_view label, std::size_t der_bytes);

}  // namespace surety
