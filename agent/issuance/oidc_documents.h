#pragma once

#include <string>
#include <string_view>

#include "surety/result.h"

namespace surety {

/// Where the keys are that OIDC's discovery document speaks of, below the issuer.
inline constexpr std::string_view kOidcDocumentPath = "/.well-known/openid-configuration";
inline constexpr std::string_view kOidcKeysPath = "/keys";

/// OIDC's discovery document (OpenID Connect Discovery 1.0 section 3) of `issuer`, with what
/// SPIRE's oidc-discovery-provider says in its own: relying parties find the keys of our
/// tokens by it, and nobody can log in.
std::string WriteOidcDocument(std::string_view issuer);

/// The keys of `jwk_set`, a set that holds keys for JWT-SVIDs alone, as relying parties take
/// them: `use` is "sig" instead of "jwt-svid", which is SPIFFE's own (RFC 7517 section 4.2).
/// kInternal if it is no such set.
Result<std::string> WriteOidcKeys(std::string_view jwk_set);

}  // namespace surety
