#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "conformance/openssl_pointer.h"

namespace conformance {

/// A signed token (JWS) taken apart.
struct Token {
  nlohmann::json header;  ///< An object.
  nlohmann::json claims;  ///< An object.
  std::string signed_text;
  std::string signature;
};

/// A token in the compact serialization of RFC 7515 section 3.1: three parts in base64url
/// without padding, the first two of them JSON objects. None if it is anything else.
std::optional<Token> ReadToken(std::string_view text);

/// The text at `name` of an object; empty if there is none.
std::string TextAt(const nlohmann::json& object, const char* name);

/// Whether JWT-SVID section 2.1 lists this algorithm.
bool IsAllowedAlgorithm(const std::string& name);

/// The keys of a JWK Set (RFC 7517), each an object; none if it is no JWK Set.
std::optional<std::vector<nlohmann::json>> ReadJwkSet(const std::string& text);

/// The public key of a JWK; null if it is none of RSA or of EC's P-256, P-384, P-521.
Key PublicKeyOf(const nlohmann::json& jwk);

/// Whether `key` made the signature, by the algorithm that the header names.
bool IsSignedBy(const Token& token, EVP_PKEY* key);

}  // namespace conformance
