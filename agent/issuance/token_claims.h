#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "surety/clock.h"
#include "surety/entry.h"
#include "surety/result.h"

namespace surety {

/// What tokens of every profile claim.
struct TokenClaims {
  std::string token_id;  ///< 16 random bytes in base64url: "jti".
  WallTime issued_at;    ///< Whole seconds.
  WallTime expires_at;   ///< The earlier of `issued_at` plus the TTL and the end of the key.
};

/// For a token of `entry`, whose key `ttl_name` is `ttl`. kInvalidArgument for an entry
/// without a path or a time to live; kUnavailable for a key that has expired.
Result<TokenClaims> NewTokenClaims(const Entry& entry, std::string_view ttl_name, Seconds ttl,
                                   WallTime key_expires_at, WallTime now);

/// A NumericDate (RFC 7519 section 2).
std::int64_t SecondsOf(WallTime time);

}  // namespace surety
