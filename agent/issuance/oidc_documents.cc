#include "agent/issuance/oidc_documents.h"

#include <nlohmann/json.hpp>

namespace surety {
namespace {

using OrderedJson = nlohmann::ordered_json;

}  // namespace

std::string WriteOidcDocument(std::string_view issuer) {
  const OrderedJson document{{"issuer", issuer},
                             {"jwks_uri", std::string(issuer) + std::string(kOidcKeysPath)},
                             {"authorization_endpoint", ""},
                             {"response_types_supported", {"id_token"}},
                             {"subject_types_supported", {"public"}},
                             {"id_token_signing_alg_values_supported", {"ES256"}}};
  return document.dump(2) + "\n";
}

Result<std::string> WriteOidcKeys(std::string_view jwk_set) {
  OrderedJson set = OrderedJson::parse(jwk_set, nullptr, false);
  if (!set.is_object() || !set.contains("keys") || !set["keys"].is_array())
    return Error(ErrorCode::kInternal, "the keys of tokens are no JWK set");
  for (OrderedJson& key : set["keys"]) {
    if (!key.is_object()) return Error(ErrorCode::kInternal, "a key of tokens is no JWK");
    key["use"] = "sig";
    key["alg"] = "ES256";
  }
  return set.dump(2) + "\n";
}

}  // namespace surety
