#pragma once

#include <nlohmann/json.hpp>

#include "agent/issuance/openssl_handles.h"
#include "surety/result.h"

namespace surety {

/// The public key that a JWK names (RFC 7518 section 6), of a kind that JWT-SVIDs may be
/// signed with: RSA of 2048 to 8192 bits, P-256, P-384 or P-521. kInvalidArgument says
/// why not. Thread-safe, pure; leaves nothing in OpenSSL's error queue.
Result<PKeyPtr> KeyOfJwk(const nlohmann::json& jwk);

}  // namespace surety
