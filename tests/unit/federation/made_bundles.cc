#include "tests/unit/federation/made_bundles.h"

#include "agent/issuance/certificate_jwk.h"
#include "agent/issuance/jwt_store.h"
#include "tests/unit/issuance/issuance_support.h"

namespace surety {

using Json = nlohmann::json;

TrustDomain OtherOrg() { return *TrustDomain::Parse("other.org"); }

std::string MadeAuthority() { return MakeCa({}).Der(); }

Json AuthorityJwk(const std::string& der) {
  return Json::parse(JwkOfCertificate(*ParseDer(der))->dump());
}

std::shared_ptr<const JwtKey> MadeTokenKey() { return MakeJwtKey()->key; }

std::string DocumentOf(const Json& keys, std::uint64_t sequence) {
  return Json{{"spiffe_sequence", sequence}, {"keys", keys}}.dump();
}

}  // namespace surety
