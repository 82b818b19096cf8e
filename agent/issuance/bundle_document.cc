#include "agent/issuance/bundle_document.h"

#include <openssl/x509v3.h>

#include <algorithm>
#include <span>

#include "agent/issuance/certificate_jwk.h"
#include "agent/issuance/pem_reader.h"

namespace surety {
namespace {

using Json = nlohmann::ordered_json;

constexpr Seconds kLongestHint{300};
constexpr int kLooksInALife = 30;

Result<void> AddCertificates(const BundleSet& bundle, Json& keys) {
  for (const std::string& der : bundle.x509_authorities) {
    const auto certificate =
        ParseCertificate({reinterpret_cast<const std::uint8_t*>(der.data()), der.size()});
    if (!certificate) return certificate.error();
    auto jwk = JwkOfCertificate(**certificate);
    if (!jwk) return jwk.error();
    keys.push_back(*std::move(jwk));
  }
  return {};
}

// The set is our own, so that it can be read.
void AddTokenKeys(const TokenBundles& tokens, const std::string& trust_domain, Json& keys) {
  const auto own = tokens.jwk_sets.find(trust_domain);
  if (own == tokens.jwk_sets.end()) return;
  const Json set = Json::parse(own->second, nullptr, false);
  if (set.is_object() && set.contains("keys"))
    for (const Json& key : set["keys"]) keys.push_back(key);
}

}  // namespace

Result<std::string> WriteBundleDocument(const BundleSet& x509, const TokenBundles& tokens,
                                        Seconds refresh_hint, const TokenBundles* wits) {
  const std::uint64_t of_wits = wits == nullptr ? 0 : wits->revision;
  Json document = {{"spiffe_sequence", x509.revision + tokens.revision + of_wits},
                   {"spiffe_refresh_hint", refresh_hint.count()},
                   {"keys", Json::array()}};
  if (auto added = AddCertificates(x509, document["keys"]); !added) return added.error();
  AddTokenKeys(tokens, x509.trust_domain.name(), document["keys"]);
  if (wits != nullptr) AddTokenKeys(*wits, x509.trust_domain.name(), document["keys"]);
  return document.dump(2) + "\n";
}

Result<std::string> BundleDocumentOfPem(std::string_view pem) {
  const auto certificates =
      ParseCertificates({reinterpret_cast<const std::uint8_t*>(pem.data()), pem.size()});
  if (!certificates) return certificates.error();
  Json keys = Json::array();
  for (const CertificatePtr& certificate : *certificates) {
    if (X509_check_ca(certificate.get()) != 1)
      return Error(ErrorCode::kInvalidArgument,
                   "certificate " + std::to_string(keys.size() + 1) + " is not that of a CA");
    auto jwk = JwkOfCertificate(*certificate);
    if (!jwk) return jwk.error();
    keys.push_back(*std::move(jwk));
  }
  return Json{{"keys", std::move(keys)}}.dump(2) + "\n";
}

Seconds RefreshHintFor(Seconds shortest_life) {
  return std::clamp(shortest_life / kLooksInALife, Seconds(1), kLongestHint);
}

}  // namespace surety
