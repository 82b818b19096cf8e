#include "tests/unit/federation/made_bundles.h"

#include "agent/issuance/certificate_jwk.h"
#include "agent/issuance/jwt_store.h"
#include "tests/unit/issuance/issuance_support.h"

namespace surety {

TrustDomain OtherOrg() { return *TrustDomain::Parse("other.org"); }

std::string MadeAuthority() { return MakeCa({}).Der(); }

nlohmann::json AuthorityJwk(const std::string& der) {
  return nlohmann::json::parse(JwkOfCertificate(*ParseDer(der))->dump());
}

std::shared_ptr<const JwtKey> MadeTokenKey() { return MakeJwtKey()->key; }

std::string DocumentOf(const nlohmann::json& keys, std::uint64_t sequence) {
  return nlohmann::json{{"spiffe_sequence", sequence}, {"keys", keys}}.dump();
}

}  // namespace surety
