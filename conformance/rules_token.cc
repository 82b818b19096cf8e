#include <algorithm>
#include <array>
#include <ctime>

#include "conformance/probe.h"

namespace conformance {
namespace {

using nlohmann::json;

// `check` tells what is wrong with one token.
template <auto check>
Verdict OfTokens(Probe& probe) {
  bool any = false;
  for (const HeldToken& token : probe.HeldTokens()) {
    if (!token.content) continue;
    any = true;
    if (std::string problem = check(token); !problem.empty())
      return Judged(token.id + ": " + problem);
  }
  return any ? Judged("") : probe.Without(probe.TokenAnswer(), "JP4 and JD1");
}

Verdict Compact(Probe& probe) {
  if (probe.HeldTokens().empty()) return probe.Without(probe.TokenAnswer(), "JP4");
  for (const HeldToken& token : probe.HeldTokens())
    if (!token.content) return Judged(token.id + ": the token is not three parts in base64url");
  return Judged("");
}

std::string OtherHeader(const HeldToken& token) {
  for (const auto& [name, value] : token.content->header.items())
    if (name != "alg" && name != "kid" && name != "typ") return "the header has '" + name + "'";
  return {};
}

std::string OtherAlgorithm(const HeldToken& token) {
  const auto algorithm = TextAt(token.content->header, "alg");
  return IsAllowedAlgorithm(algorithm) ? "" : "the alg is '" + algorithm + "'";
}

std::string TokenWithoutKid(const HeldToken& token) {
  return TextAt(token.content->header, "kid").empty() ? "the header has no kid" : "";
}

std::string OtherType(const HeldToken& token) {
  if (!token.content->header.contains("typ")) return {};
  const auto type = TextAt(token.content->header, "typ");
  return type == "JWT" || type == "JOSE" ? "" : "the typ is '" + type + "'";
}

std::string OtherSubject(const HeldToken& token) {
  const auto subject = TextAt(token.content->claims, "sub");
  return subject == token.id ? "" : "the sub is '" + subject + "'";
}

bool IsText(const json& value) { return value.is_string() && !value.get<std::string>().empty(); }

std::string NoAudiences(const HeldToken& token) {
  const json audience = token.content->claims.value("aud", json());
  if (IsText(audience)) return {};
  const bool list =
      audience.is_array() && !audience.empty() && std::ranges::all_of(audience, IsText);
  return list ? "" : "the aud is " + audience.dump();
}

std::string Expired(const HeldToken& token) {
  const json expiry = token.content->claims.value("exp", json());
  if (!expiry.is_number()) return "there is no exp that is a number";
  return expiry.get<double>() > static_cast<double>(std::time(nullptr)) ? "" : "the exp is past";
}

// The key that verifies a token, by its kid in the bundle of its trust domain.
Verdict SignedByBundle(Probe& probe) {
  const auto* bundles = probe.JwtBundles();
  if (bundles == nullptr) return probe.Without(probe.First(kJwtBundles), "JB1");
  bool any = false;
  for (const HeldToken& token : probe.HeldTokens()) {
    const auto bundle = bundles->bundles().find(DomainOf(token.id));
    if (!token.content || bundle == bundles->bundles().end()) continue;
    const auto kid = TextAt(token.content->header, "kid");
    if (kid.empty() || !IsAllowedAlgorithm(TextAt(token.content->header, "alg"))) continue;
    any = true;
    const auto keys = ReadJwkSet(bundle->second).value_or(std::vector<json>{});
    const auto found =
        std::ranges::find_if(keys, [&](const json& key) { return TextAt(key, "kid") == kid; });
    if (found == keys.end()) return Judged(token.id + ": the bundle has no kid '" + kid + "'");
    const Key key = PublicKeyOf(*found);
    if (!key) return Judged("the JWK " + kid + " is no key of RSA or of EC");
    if (!IsSignedBy(*token.content, key.get()))
      return Judged(token.id + ": the signature is not of the key " + kid);
  }
  return any ? Judged("") : probe.Without(probe.TokenAnswer(), "JP4, JB1, JD1, JD3 and JD4");
}

constexpr std::array kTokenRules = {
    Rule{"JD1", "JWT-SVID 1", Strength::kMust, "A token is a JWS in compact serialization",
         Compact},
    Rule{"JD2", "JWT-SVID 2", Strength::kMust, "Its header has alg, kid and typ and nothing else",
         OfTokens<OtherHeader>},
    Rule{"JD3", "JWT-SVID 2.1", Strength::kMust, "alg is one of RS, ES or PS with 256, 384 or 512",
         OfTokens<OtherAlgorithm>},
    Rule{"JD4", "JWT-SVID 2.2", Strength::kUsual, "There is a kid", OfTokens<TokenWithoutKid>},
    Rule{"JD4b", "JWT-SVID 4", Strength::kMust,
         "The key of that kid in the bundle of its trust domain has signed it", SignedByBundle},
    Rule{"JD5", "JWT-SVID 2.3", Strength::kMust, "typ, if it is there, is JWT or JOSE",
         OfTokens<OtherType>},
    Rule{"JD6", "JWT-SVID 3.1", Strength::kMust, "sub is the SPIFFE ID", OfTokens<OtherSubject>},
    Rule{"JD7", "JWT-SVID 3.2", Strength::kMust, "aud has one value at least",
         OfTokens<NoAudiences>},
    Rule{"JD8", "JWT-SVID 3.3", Strength::kMust, "exp is there and in the future",
         OfTokens<Expired>},
    Rule{"JD9", "JWT-SVID 7.1", Strength::kUsual, "A token may have a jti", nullptr,
         "it is optional"},
};

}  // namespace

Rules TokenRules() { return kTokenRules; }

}  // namespace conformance
