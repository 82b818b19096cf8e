#include "agent/command/checked_update.h"

#include <algorithm>
#include <utility>

#include "attestors/printable.h"

namespace surety {
namespace {

Error Unusable(const std::string& part, const std::string& why) {
  return {ErrorCode::kDataLoss, "the daemon's answer cannot be used: " + part + ": " + why};
}

Result<CheckedSvid> CheckSvid(DeliveredSvid svid) {
  const std::string part = "SVID \"" + Printable(svid.spiffe_id) + "\"";
  auto id = SpiffeId::Parse(svid.spiffe_id);
  if (!id) return Unusable(part, id.error().Text());
  if (id->path().empty()) return Unusable(part, "its SPIFFE ID has no path");
  auto chain = SplitCertificates(svid.chain_der);
  if (!chain) return Unusable(part, "its chain: " + chain.error().Text());
  auto leaf = ViewCertificate(chain->front());
  if (!leaf) return Unusable(part, "its certificate: " + leaf.error().Text());
  if (leaf->spiffe_id != svid.spiffe_id)
    return Unusable(part, "its certificate is for \"" + Printable(leaf->spiffe_id) + "\"");
  if (const auto match = CheckKeyBelongsTo(svid.key_der, chain->front()); !match)
    return Unusable(part, match.error().Text());
  auto bundle = SplitCertificates(svid.bundle_der);
  if (!bundle) return Unusable(part, "its bundle: " + bundle.error().Text());
  return CheckedSvid{.id = *std::move(id),
                     .hint = std::move(svid.hint),
                     .leaf = *std::move(leaf),
                     .chain_der = *std::move(chain),
                     .key_der = std::move(svid.key_der),
                     .bundle_der = *std::move(bundle)};
}

// A bundle without authorities says that nothing of that trust domain is to be
// trusted any more (SPIFFE_Trust_Domain_and_Bundle.md section 4.1.3).
Result<std::vector<std::string>> CheckFederated(const std::string& part, const std::string& der) {
  if (der.empty()) return std::vector<std::string>{};
  auto authorities = SplitCertificates(der);
  if (!authorities) return Unusable(part, authorities.error().Text());
  return authorities;
}

}  // namespace

Result<CheckedUpdate> CheckUpdate(WorkloadUpdate update) {
  CheckedUpdate checked;
  if (update.svids.empty()) return Unusable("it", "there is no SVID in it");
  for (DeliveredSvid& svid : update.svids) {
    auto one = CheckSvid(std::move(svid));
    if (!one) return one.error();
    checked.svids.push_back(*std::move(one));
  }
  for (const auto& [name, der] : update.federated_bundles) {
    const std::string part = "federated bundle \"" + Printable(name) + "\"";
    const auto id = SpiffeId::Parse(name);
    if (!id) return Unusable(part, id.error().Text());
    if (!id->path().empty()) return Unusable(part, "its name is no trust domain's");
    const auto own = [&](const CheckedSvid& svid) {
      return svid.id.trust_domain() == id->trust_domain();
    };
    if (std::any_of(checked.svids.begin(), checked.svids.end(), own))
      return Unusable(part, "is of an SVID's own trust domain");
    auto authorities = CheckFederated(part, der);
    if (!authorities) return authorities.error();
    checked.federated.emplace(id->trust_domain(), *std::move(authorities));
  }
  checked.crls = std::move(update.crls);
  return checked;
}

}  // namespace surety
