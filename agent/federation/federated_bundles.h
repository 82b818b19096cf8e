#pragma once

#include "agent/federation/composed_sets.h"
#include "agent/federation/foreign_bundles.h"
#include "surety/federation.h"

namespace surety {

/// Federation with the bundles that are held.
class FederatedBundles final : public Federation {
 public:
  /// `held` must outlive this.
  explicit FederatedBundles(const ForeignBundles& held) : held_(held) {}

  [[nodiscard]] std::shared_ptr<const BundleSet> Add(
      const TrustDomains& others, std::shared_ptr<const BundleSet> own) const override;
  [[nodiscard]] std::shared_ptr<const TokenBundles> Add(
      const TrustDomains& others, std::shared_ptr<const TokenBundles> own) const override;
  [[nodiscard]] std::shared_ptr<const TokenBundles> AddWits(
      const TrustDomains& others, std::shared_ptr<const TokenBundles> own) const override;

 private:
  const ForeignBundles& held_;
  mutable ComposedSets<BundleSet> x509_;
  mutable ComposedSets<TokenBundles> tokens_;
  mutable ComposedSets<TokenBundles> wits_;
};

}  // namespace surety
