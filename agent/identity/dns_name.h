#pragma once

#include <string_view>

#include "surety/result.h"

namespace surety {

/// Whether `name` may stand in a certificate as a DNS name: labels of 1 to 63
/// bytes of [a-z0-9-] that neither begin nor end with '-' (RFC 1123 section
/// 2.1, RFC 5890 section 2.3.1), at most 253 bytes, no dot at the end. Lower
/// case only, since names that differ in case are the same name. The last label
/// is not all digits, which rules out IPv4 addresses (RFC 1123 section 2.1).
///
/// A wildcard is the whole leftmost label with at least two labels behind it:
/// "*.web.internal" but neither "*.internal" nor "w*.web.internal" (RFC 6125
/// section 6.4.3).
///
/// kInvalidArgument says which rule is broken.
Result<void> CheckDnsName(std::string_view name);

}  // namespace surety
