#include "agent/issuance/bundles_with_crls.h"

#include <utility>

namespace surety {
namespace {

bool SameBundles(const BundleSet& one, const BundleSet& other) {
  return one.revision == other.revision && one.trust_domain == other.trust_domain &&
         one.x509_authorities == other.x509_authorities && one.federated == other.federated;
}

}  // namespace

std::shared_ptr<const BundleSet> BundlesWithCrls::Bundles() const {
  const std::lock_guard lock(mutex_);
  // Asked for under the lock, or an older answer could come in after a newer one.
  auto now = authority_.Bundles();
  if (now != seen_) {
    if (!seen_ || !SameBundles(*now, *seen_)) Compose(*now);
    seen_ = std::move(now);
  }
  return composed_;
}

void BundlesWithCrls::Replace(std::vector<std::string> crls, bool left_out) {
  const std::lock_guard lock(mutex_);
  crls_ = std::move(crls);
  left_out_ = left_out;
  seen_ = authority_.Bundles();
  Compose(*seen_);
}

void BundlesWithCrls::Compose(const BundleSet& bundles) const {
  auto set = std::make_shared<BundleSet>(bundles);
  set->edition = ++edition_;
  set->crls = crls_;
  set->crls_left_out = left_out_;
  composed_ = std::move(set);
}

}  // namespace surety
