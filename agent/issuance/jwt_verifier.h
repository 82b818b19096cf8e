#pragma once

#include <map>
#include <string>
#include <string_view>

#include "agent/issuance/openssl_handles.h"
#include "surety/clock.h"
#include "surety/token.h"

namespace surety {

/// The public keys for the JWT-SVIDs of one trust domain, by "kid".
using JwtKeys = std::map<std::string, PKeyPtr, std::less<>>;
using JwtKeyRing = std::map<TrustDomain, JwtKeys>;

/// How long after its time a token is still taken, for clocks that differ a little
/// (RFC 7519 section 4.1.4).
inline constexpr Seconds kTokenLeeway{10};

/// Whether a token is to be believed: its form (jwt_parser.h), a key of its own subject's
/// trust domain that has its "kid", the signature, the audience, the time.
/// kInvalidArgument with the first reason why not. Thread-safe, pure.
Result<ValidatedToken> VerifyJwt(std::string_view token, std::string_view audience,
                                 const JwtKeyRing& keys, WallTime now);

}  // namespace surety
