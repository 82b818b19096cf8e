#include <algorithm>
#include <array>

#include "conformance/probe.h"

namespace conformance {
namespace {

using nlohmann::json;

Verdict OwnJwkSet(Probe& probe) {
  const auto& first = probe.First(kJwtBundles);
  if (probe.Tokens() != nullptr && !first.message && first.end.code != Code::kDeadlineExceeded)
    return Judged("FetchJWTBundles ends with " + TextOf(first.end));
  if (probe.JwtBundles() == nullptr) return probe.Without(first, "E1");
  const auto own = probe.OwnDomain();
  const bool there = own.empty() || probe.JwtBundles()->bundles().contains(own);
  return Judged(there ? "" : "the bundle of " + own + " lacks");
}

// `check` tells what is wrong with one JWK.
template <auto check>
Verdict OfJwks(Probe& probe) {
  if (probe.JwtBundles() == nullptr) return probe.Without(probe.First(kJwtBundles), "JB1");
  for (const auto& [domain, text] : probe.JwtBundles()->bundles())
    for (const json& key : ReadJwkSet(text).value_or(std::vector<json>{}))
      if (std::string problem = check(key); !problem.empty())
        return Judged(domain + ": " + problem);
  return Judged("");
}

std::string OtherUse(const json& key) {
  const auto use = TextAt(key, "use");
  if (key.contains("use") && use != "jwt-svid" && use != "sig")
    return "a JWK has the use '" + use + "'";
  return key.contains("x5c") ? "a JWK is a certificate" : "";
}

std::string JwkWithoutKid(const json& key) {
  return TextAt(key, "kid").empty() ? "a JWK has no kid" : "";
}

Verdict StandardJwkSet(Probe& probe) {
  if (probe.JwtBundles() == nullptr) return probe.Without(probe.First(kJwtBundles), "JB1");
  for (const auto& [domain, text] : probe.JwtBundles()->bundles()) {
    const auto keys = ReadJwkSet(text);
    if (!keys) return Judged(domain + ": the bundle is no JWK Set");
    for (const json& key : *keys)
      if (TextAt(key, "kty").empty()) return Judged(domain + ": a JWK has no kty");
  }
  return Judged("");
}

constexpr auto kBundles = "Workload API 6.2.2";

constexpr std::array kJwkSetRules = {
    Rule{"JB1", kBundles, Strength::kMust,
         "FetchJWTBundles gives the bundle of the own trust domain", OwnJwkSet},
    Rule{"JB1b", kBundles, Strength::kMust, "There are keys of JWT-SVIDs alone", OfJwks<OtherUse>},
    Rule{"JB2", kBundles, Strength::kMust, "A bundle is a JWK Set (RFC 7517)", StandardJwkSet},
    Rule{"JD10", "JWT-SVID 6.1", Strength::kMust, "Every JWK has a kid", OfJwks<JwkWithoutKid>},
};

}  // namespace

Rules JwkSetRules() { return kJwkSetRules; }

}  // namespace conformance
