#include "agent/federation/federated_bundles.h"

#include <atomic>
#include <utility>

namespace surety {
namespace {

// Far from those that the bundles without other trust domains have (bundle.h).
std::uint64_t NextEdition() {
  constexpr std::uint64_t kFirst = std::uint64_t{1} << 63U;
  static std::atomic<std::uint64_t> last = kFirst;
  return ++last;
}

// Those of the others that are held and wanted.
template <typename Wanted>
ForeignParts PartsOf(const TrustDomains& others, const ForeignBundleSet& held,
                     const Wanted& wanted) {
  ForeignParts parts;
  for (const TrustDomain& other : others)
    if (auto bundle = held.Find(other.name()); bundle && wanted(*bundle))
      parts.push_back(std::move(bundle));
  return parts;
}

BundleSet Composed(const BundleSet& own, const ForeignParts& parts) {
  BundleSet set = own;
  set.edition = NextEdition();
  for (const auto& part : parts) set.federated[part->trust_domain.name()] = part->x509_authorities;
  return set;
}

}  // namespace

// A client that is told of a trust domain without any authority may refuse the message;
// one that is not told of it trusts nobody there either.
std::shared_ptr<const BundleSet> FederatedBundles::Add(const TrustDomains& others,
                                                       std::shared_ptr<const BundleSet> own) const {
  ForeignParts parts = PartsOf(others, *held_.Current(), [](const ForeignBundle& one) {
    return !one.x509_authorities.empty();
  });
  if (parts.empty()) return own;
  return x509_.Get(own, parts,
                   [&] { return std::make_shared<const BundleSet>(Composed(*own, parts)); });
}

std::shared_ptr<const TokenBundles> FederatedBundles::Add(
    const TrustDomains& others, std::shared_ptr<const TokenBundles> own) const {
  ForeignParts parts = PartsOf(others, *held_.Current(),
                               [](const ForeignBundle& one) { return !one.jwt_key_ring->empty(); });
  if (parts.empty()) return own;
  return tokens_.Get(own, parts, [&] {
    TokenBundles set = *own;
    for (const auto& part : parts) set.jwk_sets.emplace(part->trust_domain.name(), part->jwt_keys);
    return std::make_shared<const TokenBundles>(std::move(set));
  });
}

std::shared_ptr<const TokenBundles> FederatedBundles::AddWits(
    const TrustDomains& others, std::shared_ptr<const TokenBundles> own) const {
  ForeignParts parts = PartsOf(others, *held_.Current(),
                               [](const ForeignBundle& one) { return !one.wit_keys.empty(); });
  if (parts.empty()) return own;
  return wits_.Get(own, parts, [&] {
    TokenBundles set = *own;
    for (const auto& part : parts) set.jwk_sets.emplace(part->trust_domain.name(), part->wit_keys);
    return std::make_shared<const TokenBundles>(std::move(set));
  });
}

}  // namespace surety
