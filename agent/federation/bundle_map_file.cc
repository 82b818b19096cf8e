#include "agent/federation/bundle_map_file.h"

#include <algorithm>

#include "agent/identity/trusted_file.h"

namespace surety {

std::optional<BundleMap> ReadBundleMapFile(const TrustDomain& own,
                                           const std::vector<TrustDomain>& followed,
                                           FileDiagnostics& here) {
  const auto text = ReadTrustedFile(kMostBundleMapBytes, here);
  if (!text) return std::nullopt;
  auto map = ReadBundleMap(own, *text);
  if (!map) {
    here.Error({}, map.error().Text(),
               "correct it: a bundle map is taken as a whole or not at all (docs/bundles.md)");
    return std::nullopt;
  }
  for (const ForeignBundle& bundle : map->bundles) {
    if (std::ranges::find(followed, bundle.trust_domain) == followed.end()) continue;
    here.Error({},
               "the bundle map names " + bundle.trust_domain.name() +
                   ", whose bundle endpoint is followed as well",
               "take it out of the map, or remove its [[federation]] from the configuration");
    return std::nullopt;
  }
  return *std::move(map);
}

}  // namespace surety
