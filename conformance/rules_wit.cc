#include <algorithm>
#include <array>

#include "conformance/probe.h"

namespace conformance {
namespace {

using nlohmann::json;

Verdict BothOrNone(Probe& probe) {
  const auto svids = probe.Ask("FetchWITSVID");
  const auto bundles = probe.Ask("FetchWITBundles");
  const bool no_svids = svids.end.code == Code::kUnimplemented;
  const bool no_bundles = bundles.end.code == Code::kUnimplemented;
  if (no_svids == no_bundles) return Judged("");
  return Judged(std::string("one of FetchWITSVID and FetchWITBundles alone is UNIMPLEMENTED: ") +
                (no_svids ? "FetchWITSVID" : "FetchWITBundles"));
}

// Whether there is anything to compare with; the reason to pass over the rule if not.
std::optional<Verdict> NoWits(Probe& probe) {
  if (probe.Wits() != nullptr) return std::nullopt;
  return probe.Without(probe.First(kWitSvids), "WP2");
}

std::set<std::string> IdsOf(const WITSVIDResponse& response) {
  std::set<std::string> ids;
  for (const auto& svid : response.svids()) ids.insert(svid.spiffe_id());
  return ids;
}

Verdict WitForEachIdentity(Probe& probe) {
  const auto& answer = probe.First(kWitSvids);
  const auto* response = probe.Wits();
  if (probe.options().no_identity || answer.end.code == Code::kUnimplemented)
    return probe.Without(answer, "E1");
  if (response == nullptr) return Judged("FetchWITSVID ends with " + TextOf(answer.end));
  if (response->svids().empty()) return Judged("the answer holds no WIT-SVID");
  for (const auto& svid : response->svids())
    if (svid.spiffe_id().empty() || svid.wit_svid().empty() || svid.wit_svid_key().empty())
      return Judged("a WIT-SVID lacks a field");
  const auto ids = IdsOf(*response);
  for (const Svid& svid : probe.Svids())
    if (!ids.contains(svid.id))
      return Judged("there is an X.509-SVID and no WIT-SVID of " + svid.id);
  return Judged("");
}

Verdict WitOfOneIdentity(Probe& probe) {
  if (auto missing = NoWits(probe)) return *missing;
  for (const auto& id : IdsOf(*probe.Wits())) {
    const auto answer = probe.Ask(kWitSvids, WitRequest(id));
    WITSVIDResponse response;
    if (!answer.message || !response.ParseFromString(*answer.message))
      return Judged("a request for " + id + " ends with " + TextOf(answer.end));
    if (IdsOf(response) != std::set{id}) return Judged("a request for " + id + " gives others");
  }
  return Judged("");
}

Verdict WitNotForOthers(Probe& probe) {
  if (auto missing = NoWits(probe)) return *missing;
  for (const auto& domain : {probe.OwnDomain(), std::string("spiffe://unknown.invalid")})
    if (probe.Ask(kWitSvids, WitRequest(domain + "/conformance/of-nobody")).message)
      return Judged("a request for the SPIFFE ID of another is served");
  return Judged("");
}

Verdict WitHintOnce(Probe& probe) {
  if (auto missing = NoWits(probe)) return *missing;
  std::set<std::string> seen;
  for (const auto& svid : probe.Wits()->svids())
    if (!svid.hint().empty() && !seen.insert(svid.hint()).second)
      return Judged("two WIT-SVIDs have the hint '" + svid.hint() + "'");
  return Judged("");
}

Verdict OwnWitBundle(Probe& probe) {
  const auto& first = probe.First(kWitBundles);
  if (probe.Wits() != nullptr && !first.message && first.end.code != Code::kDeadlineExceeded &&
      first.end.code != Code::kUnimplemented)
    return Judged("FetchWITBundles ends with " + TextOf(first.end));
  if (probe.WitBundles() == nullptr) return probe.Without(first, "E1");
  const auto own = probe.OwnDomain();
  if (!own.empty() && !probe.WitBundles()->bundles().contains(own))
    return Judged("the bundle of " + own + " lacks");
  for (const auto& [domain, text] : probe.WitBundles()->bundles())
    if (!ReadJwkSet(text)) return Judged(domain + ": the bundle is no JWK Set");
  return Judged("");
}

Verdict WitKeysAlone(Probe& probe) {
  if (probe.WitBundles() == nullptr) return probe.Without(probe.First(kWitBundles), "WP4");
  for (const auto& [domain, text] : probe.WitBundles()->bundles())
    for (const json& key : ReadJwkSet(text).value_or(std::vector<json>{}))
      if (TextAt(key, "use") != "wit-svid")
        return Judged(domain + ": a JWK has the use '" + TextAt(key, "use") + "'");
  return Judged("");
}

// Of one trust domain, and of both of its profiles of tokens.
Verdict KidOnce(Probe& probe) {
  if (probe.WitBundles() == nullptr) return probe.Without(probe.First(kWitBundles), "WP4");
  for (const auto& [domain, text] : probe.WitBundles()->bundles()) {
    std::set<std::string> seen;
    if (const auto* of_jwts = probe.JwtBundles())
      if (const auto at = of_jwts->bundles().find(domain); at != of_jwts->bundles().end())
        for (const json& key : ReadJwkSet(at->second).value_or(std::vector<json>{}))
          seen.insert(TextAt(key, "kid"));
    for (const json& key : ReadJwkSet(text).value_or(std::vector<json>{})) {
      const auto kid = TextAt(key, "kid");
      if (kid.empty()) return Judged(domain + ": a JWK has no kid");
      if (!seen.insert(kid).second) return Judged(domain + ": two keys have the kid '" + kid + "'");
    }
  }
  return Judged("");
}

constexpr auto kFetchWit = "Workload API 7.2.1";
constexpr auto kWitBundle = "WIT-SVID 6.1";

constexpr std::array kWitRules = {
    Rule{"WP1", "Workload API 7", Strength::kMust,
         "Without the WIT-SVID profile both of its RPCs are UNIMPLEMENTED", BothOrNone},
    Rule{"WP2", kFetchWit, Strength::kMust, "There is a WIT-SVID for each identity, whole",
         WitForEachIdentity},
    Rule{"WP2b", kFetchWit, Strength::kMust, "With a SPIFFE ID there are those of it alone",
         WitOfOneIdentity},
    Rule{"WP2c", kFetchWit, Strength::kMust, "There is none for the SPIFFE ID of another",
         WitNotForOthers},
    Rule{"WP3", kFetchWit, Strength::kMust, "A hint is there once", WitHintOnce},
    Rule{"WP4", "Workload API 7.2.2", Strength::kMust,
         "FetchWITBundles gives the own trust domain's bundle, as a JWK Set", OwnWitBundle},
    Rule{"WD8", kWitBundle, Strength::kMust, "Its keys are for WIT-SVIDs alone", WitKeysAlone},
    Rule{"WD9", kWitBundle, Strength::kMust,
         "Every JWK has a kid that no other has, of WIT-SVIDs or of JWT-SVIDs", KidOnce},
};

}  // namespace

Rules WitRules() { return kWitRules; }

}  // namespace conformance
