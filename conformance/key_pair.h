#pragma once

#include <nlohmann/json.hpp>

namespace conformance {

/// Whether the private JWK is the other half of the public one (RFC 7518 sections 6.2 and
/// 6.3). Of EC OpenSSL is asked; of RSA the public members are compared.
bool IsPrivateHalfOf(const nlohmann::json& private_jwk, const nlohmann::json& public_jwk);

}  // namespace conformance
