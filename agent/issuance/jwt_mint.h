#pragma once

#include <span>
#include <string>
#include <string_view>

#include "agent/issuance/jwt_key.h"
#include "surety/token.h"

namespace surety {

/// Makes one JWT-SVID: subject, audiences, a random "jti", valid from `now` to the earlier
/// of `now` plus the entry's TTL and `key_expires_at`. "aud" is a list even of one, as
/// SPIRE writes it; "iss" is `issuer` where that is not empty. kInvalidArgument for an entry
/// without a path or a time to live; kUnavailable for a key that has expired. Thread-safe.
Result<JwtSvid> MintJwtSvid(const JwtKey& key, WallTime key_expires_at, const Entry& entry,
                            std::span<const std::string> audiences, WallTime now,
                            std::string_view issuer = {});

}  // namespace surety
