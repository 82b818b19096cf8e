#pragma once

#include <openssl/x509.h>

#include <nlohmann/json.hpp>

#include "surety/result.h"

namespace surety {

/// The JWK of a CA certificate in a SPIFFE bundle (X509-SVID.md section 6.1): its key's
/// parameters (RFC 7518 section 6), `use`, and the certificate itself as `x5c`; no `kid`.
/// kInvalidArgument for a key that is none of RSA, P-256, P-384, P-521 and Ed25519.
Result<nlohmann::ordered_json> JwkOfCertificate(const X509& certificate);

}  // namespace surety
