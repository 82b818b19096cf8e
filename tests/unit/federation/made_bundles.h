#pragma once

#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "agent/issuance/jwt_key.h"
#include "surety/spiffe_id.h"

namespace surety {

TrustDomain OtherOrg();

/// A CA certificate of its own with every call, DER.
std::string MadeAuthority();
/// As a bundle document holds it.
nlohmann::json AuthorityJwk(const std::string& der);

std::shared_ptr<const JwtKey> MadeTokenKey();

/// {"spiffe_sequence": …, "keys": […]}.
std::string DocumentOf(const nlohmann::json& keys, std::uint64_t sequence = 1);

}  // namespace surety
