// Bundle maps come from other control planes: what is read of one is what each of its bundles
// says by itself, and what is written of that is the same map again.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <map>
#include <string>
#include <string_view>

#include "agent/federation/bundle_map.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto own = surety::TrustDomain::Parse("example.org");
  const auto map = surety::ReadBundleMap(*own, text);
  if (!map) return 0;
  std::map<std::string, std::string> documents;
  for (const surety::ForeignBundle& bundle : map->bundles) {
    if (bundle.trust_domain == *own || !bundle.in_map) std::abort();
    const auto alone = surety::ReadBundleDocument(bundle.trust_domain, bundle.document);
    if (!alone || !alone->TrustsTheSameAs(bundle)) std::abort();
    documents.emplace(bundle.trust_domain.name(), bundle.document);
  }
  if (documents.size() != map->bundles.size()) std::abort();
  const auto written = surety::WriteBundleMap(documents);
  if (!written) std::abort();
  const auto again = surety::ReadBundleMap(*own, *written);
  if (!again || again->bundles.size() != map->bundles.size() || again->has_own) std::abort();
  for (std::size_t at = 0; at < map->bundles.size(); ++at)
    if (!again->bundles[at].TrustsTheSameAs(map->bundles[at])) std::abort();
  return 0;
}
