#pragma once

#include "agent/issuance/jwt_key.h"
#include "surety/wit.h"

namespace surety {

/// Makes one WIT-SVID with a new P-256 key: subject, the key's public half as "cnf", a
/// random "jti", valid from `now` to the earlier of `now` plus the entry's TTL and
/// `key_expires_at`; no audience and no issuer (WIT-SVID.md sections 3.7 and 3.8).
/// kInvalidArgument for an entry without a path or a time to live; kUnavailable for a
/// signing key that has expired. Thread-safe.
Result<WitSvid> MintWitSvid(const JwtKey& key, WallTime key_expires_at, const Entry& entry,
                            WallTime now);

}  // namespace surety
