#pragma once

#include <openssl/asn1.h>

#include <optional>
#include <string>

#include "surety/clock.h"

namespace surety {

/// A certificate's time. The year 9999, by which RFC 5280 means "no end", is
/// past the end of WallTime and becomes its last second. Empty if malformed.
std::optional<WallTime> TimeOf(const ASN1_TIME* time);

/// For messages: "2026-11-23 23:09:00 UTC".
std::string DateText(WallTime time);

}  // namespace surety
