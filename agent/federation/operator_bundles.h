#pragma once

#include <functional>
#include <string>

#include "agent/federation/foreign_bundles.h"
#include "surety/bundle_actions.h"

namespace surety {

/// BundleActions on the bundles that are held.
class OperatorBundles final : public BundleActions {
 public:
  using Details = std::vector<std::pair<std::string, std::string>>;

  /// `own_document` writes our own bundle; `note` records a change. `held` outlives this.
  OperatorBundles(ForeignBundles& held, std::function<Result<std::string>()> own_document,
                  std::function<void(std::string_view what, Details)> note)
      : held_(held), own_document_(std::move(own_document)), note_(std::move(note)) {}

  [[nodiscard]] std::vector<HeldBundle> HeldBundles() const override;
  [[nodiscard]] Result<std::string> BundleDocument(
      const std::optional<TrustDomain>& trust_domain) const override;
  Result<BundleSetOutcome> SetBundle(const TrustDomain& trust_domain, std::string_view document,
                                     const Operator& by) override;
  Result<void> DeleteBundle(const TrustDomain& trust_domain, const Operator& by) override;

 private:
  ForeignBundles& held_;
  const std::function<Result<std::string>()> own_document_;
  const std::function<void(std::string_view, Details)> note_;
};

}  // namespace surety
