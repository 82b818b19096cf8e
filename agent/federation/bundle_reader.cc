#include "agent/federation/bundle_reader.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "agent/issuance/base64url.h"
#include "agent/issuance/jwk_reader.h"
#include "agent/issuance/pem_reader.h"
#include "agent/issuance/strict_json.h"

namespace surety {
namespace {

using Json = nlohmann::json;

constexpr std::size_t kMostValues = 20'000;
constexpr std::size_t kMostIgnored = 20;
constexpr std::size_t kLongestKeyId = 1'024;
constexpr std::string_view kJwtUse = "jwt-svid";
constexpr std::string_view kWitUse = "wit-svid";

Error Refused(std::string why) { return {ErrorCode::kInvalidArgument, std::move(why)}; }

std::string TextOf(const Json& object, const char* name) {
  const auto at = object.find(name);
  return at != object.end() && at->is_string() ? at->get<std::string>() : std::string();
}

Result<std::string> CertificateIn(const Json& jwk) {
  const auto chain = jwk.find("x5c");
  if (chain == jwk.end() || !chain->is_array() || chain->empty())
    return Refused("it has no certificate (x5c)");
  const Json& first = chain->front();
  auto der = first.is_string() ? DecodeBase64(first.get_ref<const std::string&>()) : std::nullopt;
  if (!der) return Refused("its x5c is not base64");
  const auto certificate =
      ParseCertificate({reinterpret_cast<const std::uint8_t*>(der->data()), der->size()});
  if (!certificate) return Refused("its x5c is no certificate");
  return *std::move(der);
}

// The key's public members alone, whatever else the element holds.
Json PublicJwk(const Json& jwk, const std::string& use) {
  Json kept = {{"use", use}};
  for (const char* name : {"kty", "kid", "crv", "x", "y", "n", "e"})
    if (jwk.contains(name)) kept[name] = jwk[name];
  return kept;
}

/// Puts together what the elements of `keys` come to.
class KeyCollector {
 public:
  void Add(std::size_t place, const Json& jwk) {
    const auto added = AddKey(jwk);
    if (!added && ignored_.size() < kMostIgnored)
      ignored_.push_back("keys[" + std::to_string(place) +
                         "] is not used: " + added.error().message());
  }
  Result<void> FillIn(ForeignBundle& bundle) && {
    bundle.jwt_keys = Json{{"keys", std::move(token_keys_)}}.dump();
    if (!wit_keys_.empty()) bundle.wit_keys = Json{{"keys", std::move(wit_keys_)}}.dump();
    if (certificate_bytes_ > kMostBundleKeyBytes || token_key_bytes_ > kMostBundleKeyBytes)
      return Error(
          ErrorCode::kResourceExhausted,
          "its keys of one use take more than " + std::to_string(kMostBundleKeyBytes) + " bytes");
    bundle.x509_authorities = std::move(certificates_);
    bundle.jwt_key_ring = std::make_shared<const JwtKeys>(std::move(ring_));
    bundle.ignored = std::move(ignored_);
    return {};
  }

 private:
  Result<void> AddKey(const Json& jwk) {
    if (!jwk.is_object()) return Refused("it is not an object");
    if (TextOf(jwk, "kty").empty()) return Refused("it has no kty");
    const std::string use = TextOf(jwk, "use");
    if (use == "x509-svid") return AddCertificate(jwk);
    if (use == kJwtUse || use == kWitUse) return AddTokenKey(jwk, use);
    return Refused("its use is neither x509-svid, jwt-svid nor wit-svid");
  }
  Result<void> AddCertificate(const Json& jwk) {
    auto der = CertificateIn(jwk);
    if (!der) return der.error();
    if (std::ranges::find(certificates_, *der) != certificates_.end()) return {};
    certificate_bytes_ += der->size();
    if (certificate_bytes_ <= kMostBundleKeyBytes) certificates_.push_back(*std::move(der));
    return {};
  }
  // One name for one key, of whichever use (WIT-SVID.md section 6.1).
  Result<void> AddTokenKey(const Json& jwk, const std::string& use) {
    const std::string id = TextOf(jwk, "kid");
    if (id.empty() || id.size() > kLongestKeyId) return Refused("it has no usable kid");
    Json kept = PublicJwk(jwk, use);
    // What is too much anyway need not be looked at.
    token_key_bytes_ += kept.dump().size();
    if (token_key_bytes_ > kMostBundleKeyBytes) return {};
    auto key = KeyOfJwk(jwk);
    if (!key) return key.error();
    if (!names_.insert(id).second) return Refused("another key has the same kid");
    if (use == kWitUse) {
      wit_keys_.push_back(std::move(kept));
      return {};
    }
    ring_.emplace(id, *std::move(key));
    token_keys_.push_back(std::move(kept));
    return {};
  }

  std::vector<std::string> certificates_;
  std::size_t certificate_bytes_ = 0;
  Json token_keys_ = Json::array();
  std::size_t token_key_bytes_ = 0;  // Of those that turn out to be none, too.
  Json wit_keys_ = Json::array();
  JwtKeys ring_;
  std::set<std::string> names_;
  std::vector<std::string> ignored_;
};

Result<std::optional<std::uint64_t>> SequenceOf(const Json& document) {
  const auto at = document.find("spiffe_sequence");
  if (at == document.end()) return std::optional<std::uint64_t>();
  if (!at->is_number_unsigned())
    return Refused("its spiffe_sequence is not a number from 0 to 18446744073709551615");
  return std::optional(at->get<std::uint64_t>());
}

// It is a hint: one that makes no sense is as good as none.
Seconds HintOf(const Json& document, Seconds otherwise) {
  const auto at = document.find("spiffe_refresh_hint");
  if (at == document.end() || !at->is_number_unsigned() || *at == 0) return otherwise;
  const auto longest = static_cast<std::uint64_t>(kLongestRefreshHint.count());
  return std::max(Seconds(std::min(at->get<std::uint64_t>(), longest)), kShortestRefreshHint);
}

}  // namespace

Result<ForeignBundle> ReadBundleDocument(const TrustDomain& trust_domain,
                                         std::string_view document) {
  if (document.size() > kMostBundleDocumentBytes)
    return Error(ErrorCode::kResourceExhausted, "the bundle document is larger than " +
                                                    std::to_string(kMostBundleDocumentBytes) +
                                                    " bytes");
  const auto json = ParseStrictObject(document, kMostValues);
  if (!json) return json.error().Within("the bundle document cannot be read");
  const auto keys = json->find("keys");
  if (keys == json->end() || !keys->is_array())
    return Refused("the bundle document has no list \"keys\"");
  const auto sequence = SequenceOf(*json);
  if (!sequence) return sequence.error().Within("the bundle document cannot be read");
  ForeignBundle bundle{.trust_domain = trust_domain,
                       .x509_authorities = {},
                       .jwt_keys = {},
                       .jwt_key_ring = {},
                       .sequence = *sequence,
                       .document = std::string(document)};
  bundle.refresh_hint = HintOf(*json, bundle.refresh_hint);
  KeyCollector collector;
  for (std::size_t place = 0; place < keys->size(); ++place) collector.Add(place, (*keys)[place]);
  if (auto filled = std::move(collector).FillIn(bundle); !filled)
    return filled.error().Within("the bundle document cannot be used");
  return bundle;
}

}  // namespace surety
