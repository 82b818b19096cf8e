#pragma once

#include <string>

#include "agent/issuance/p256_key.h"
#include "surety/secret_bytes.h"

namespace surety {

/// A workload's key as JWKs (RFC 7517; RFC 7518 section 6.2), each a JSON object with kty,
/// alg, crv, x and y, and `private_jwk` with d.
struct P256Jwks {
  std::string public_jwk;
  SecretBytes private_jwk;
};

/// Every other copy of the private half that this makes is wiped before it returns.
P256Jwks JwksOf(const P256Key& key);

}  // namespace surety
