#include "agent/federation/bundle_map.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "agent/identity/diagnostic.h"
#include "agent/issuance/strict_json.h"

namespace surety {
namespace {

using Json = nlohmann::json;

constexpr std::size_t kMostValues = 400'000;
constexpr const char* kTrustDomains = "trust_domains";

Error Refused(std::string why) { return {ErrorCode::kInvalidArgument, std::move(why)}; }

Result<ForeignBundle> BundleIn(const std::string& name, const Json& document) {
  const auto trust_domain = TrustDomain::Parse(name);
  if (!trust_domain)
    return trust_domain.error().Within("its " + Quoted(name) + " is no trust domain's bare name");
  if (!document.is_object()) return Refused("the bundle of " + name + " is not an object");
  auto bundle = ReadBundleDocument(*trust_domain, document.dump());
  if (!bundle) return bundle.error().Within("the bundle of " + name);
  bundle->in_map = true;
  return bundle;
}

}  // namespace

Result<BundleMap> ReadBundleMap(const TrustDomain& own, std::string_view text) {
  if (text.size() > kMostBundleMapBytes)
    return Error(ErrorCode::kResourceExhausted,
                 "the bundle map is larger than " + std::to_string(kMostBundleMapBytes) + " bytes");
  const auto json = ParseStrictObject(text, kMostValues);
  if (!json) return json.error().Within("the bundle map cannot be read");
  const auto trust_domains = json->find(kTrustDomains);
  if (trust_domains == json->end() || !trust_domains->is_object())
    return Refused("the bundle map has no object \"trust_domains\"");
  BundleMap map;
  for (const auto& item : trust_domains->items()) {
    auto bundle = BundleIn(item.key(), item.value());
    if (!bundle) return bundle.error().Within("the bundle map cannot be used");
    if (bundle->trust_domain == own)
      map.has_own = true;
    else
      map.bundles.push_back(*std::move(bundle));
  }
  return map;
}

Result<std::string> WriteBundleMap(const std::map<std::string, std::string>& documents) {
  Json trust_domains = Json::object();
  for (const auto& [name, document] : documents) {
    auto bundle = ParseStrictObject(document, kMostValues);
    if (!bundle) return Error(ErrorCode::kDataLoss, "the bundle of " + Quoted(name) + " is none");
    bundle->erase("spiffe_refresh_hint");
    trust_domains[name] = *std::move(bundle);
  }
  std::string text = Json{{kTrustDomains, std::move(trust_domains)}}.dump(2) + "\n";
  const auto again = ReadBundleMap(*TrustDomain::Parse("none"), text);
  if (!again && again.error().code() == ErrorCode::kInvalidArgument)
    return Error(ErrorCode::kDataLoss, again.error().Text());
  if (!again) return again.error();
  return text;
}

}  // namespace surety
