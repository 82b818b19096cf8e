#include <algorithm>
#include <array>
#include <ctime>

#include "conformance/key_pair.h"
#include "conformance/probe.h"

namespace conformance {
namespace {

using nlohmann::json;

// `check` tells what is wrong with one WIT-SVID.
template <auto check>
Verdict OfWits(Probe& probe) {
  bool any = false;
  for (const HeldWit& wit : probe.HeldWits()) {
    if (!wit.content) continue;
    any = true;
    if (std::string problem = check(wit); !problem.empty()) return Judged(wit.id + ": " + problem);
  }
  return any ? Judged("") : probe.Without(probe.First(kWitSvids), "WP2 and WD1");
}

Verdict CompactWit(Probe& probe) {
  if (probe.HeldWits().empty()) return probe.Without(probe.First(kWitSvids), "WP2");
  for (const HeldWit& wit : probe.HeldWits())
    if (!wit.content) return Judged(wit.id + ": the WIT-SVID is not three parts in base64url");
  return Judged("");
}

std::string WitType(const HeldWit& wit) {
  const auto type = TextAt(wit.content->header, "typ");
  return type == "wit+jwt" ? "" : "the typ is '" + type + "'";
}

std::string WitAlgorithm(const HeldWit& wit) {
  const auto algorithm = TextAt(wit.content->header, "alg");
  return IsAllowedAlgorithm(algorithm) ? "" : "the alg is '" + algorithm + "'";
}

std::string WitSubject(const HeldWit& wit) {
  const auto subject = TextAt(wit.content->claims, "sub");
  return subject == wit.id ? "" : "the sub is '" + subject + "'";
}

std::string WitAudience(const HeldWit& wit) {
  return wit.content->claims.contains("aud") ? "there is an aud" : "";
}

std::string WitExpiry(const HeldWit& wit) {
  const json expiry = wit.content->claims.value("exp", json());
  if (!expiry.is_number()) return "there is no exp that is a number";
  return expiry.get<double>() > static_cast<double>(std::time(nullptr)) ? "" : "the exp is past";
}

json NamedKey(const HeldWit& wit) {
  const json confirmation = wit.content->claims.value("cnf", json());
  const json jwk = confirmation.is_object() ? confirmation.value("jwk", json()) : json();
  return jwk.is_object() ? jwk : json::object();
}

std::string WitConfirmation(const HeldWit& wit) {
  const json jwk = NamedKey(wit);
  if (jwk.empty()) return "there is no cnf.jwk";
  if (jwk.contains("d")) return "cnf.jwk has a private key";
  if (!PublicKeyOf(jwk)) return "cnf.jwk is no key of RSA or of EC";
  const auto algorithm = TextAt(jwk, "alg");
  return IsAllowedAlgorithm(algorithm) ? "" : "the alg of cnf.jwk is '" + algorithm + "'";
}

std::string WitKey(const HeldWit& wit) {
  const json key = json::parse(wit.key, nullptr, false);
  const json named = NamedKey(wit);
  if (named.empty()) return {};
  if (!key.is_object()) return "wit_svid_key is no JWK";
  return IsPrivateHalfOf(key, named) ? "" : "wit_svid_key is not the private half of cnf.jwk";
}

// The key that verifies one, by its kid in the bundle of its trust domain.
Verdict WitSignature(Probe& probe) {
  const auto* bundles = probe.WitBundles();
  if (bundles == nullptr) return probe.Without(probe.First(kWitBundles), "WP4");
  bool any = false;
  for (const HeldWit& wit : probe.HeldWits()) {
    const auto bundle = bundles->bundles().find(DomainOf(wit.id));
    if (!wit.content || bundle == bundles->bundles().end()) continue;
    if (!IsAllowedAlgorithm(TextAt(wit.content->header, "alg"))) continue;
    any = true;
    const auto kid = TextAt(wit.content->header, "kid");
    if (kid.empty()) return Judged(wit.id + ": the header has no kid");
    const auto keys = ReadJwkSet(bundle->second).value_or(std::vector<json>{});
    const auto found =
        std::ranges::find_if(keys, [&](const json& key) { return TextAt(key, "kid") == kid; });
    if (found == keys.end()) return Judged(wit.id + ": the bundle has no kid '" + kid + "'");
    const Key key = PublicKeyOf(*found);
    if (!key || !IsSignedBy(*wit.content, key.get()))
      return Judged(wit.id + ": the signature is not of the key " + kid);
  }
  return any ? Judged("") : probe.Without(probe.First(kWitSvids), "WP2, WP4, WD1 and WD3");
}

constexpr std::array kWitTokenRules = {
    Rule{"WD1", "WIT-SVID 1", Strength::kMust, "A WIT-SVID is a JWS in compact serialization",
         CompactWit},
    Rule{"WD1b", "WIT-SVID 2.1", Strength::kMust,
         "There is a kid, whose key in the bundle of its trust domain has signed it", WitSignature},
    Rule{"WD2", "WIT-SVID 2.2", Strength::kMust, "typ is wit+jwt", OfWits<WitType>},
    Rule{"WD3", "WIT-SVID 2.3", Strength::kMust, "alg is one of RS, ES or PS with 256, 384 or 512",
         OfWits<WitAlgorithm>},
    Rule{"WD4", "WIT-SVID 3.1", Strength::kMust, "sub is the SPIFFE ID", OfWits<WitSubject>},
    Rule{"WD5", "WIT-SVID 3.2", Strength::kMust,
         "cnf.jwk is a public key with an alg of the same list", OfWits<WitConfirmation>},
    Rule{"WD5b", "Workload API 7.1", Strength::kMust,
         "wit_svid_key is a JWK, the private half of cnf.jwk", OfWits<WitKey>},
    Rule{"WD6", "WIT-SVID 3.4", Strength::kMust, "exp is there and in the future",
         OfWits<WitExpiry>},
    Rule{"WD7", "WIT-SVID 3.8", Strength::kMust, "There is no aud", OfWits<WitAudience>},
};

}  // namespace

Rules WitTokenRules() { return kWitTokenRules; }

}  // namespace conformance
