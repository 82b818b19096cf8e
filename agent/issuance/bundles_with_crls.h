#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "surety/bundle.h"

namespace surety {

/// An authority's bundles with CRLs put to them. What the authority changes is in
/// the next Bundles() here, so that its promise (bundle.h) holds through this one.
/// Thread-safe; the lock is held for copying a bundle and never while signing.
class BundlesWithCrls final : public BundleSource {
 public:
  /// `authority` must outlive this.
  explicit BundlesWithCrls(const BundleSource& authority) : authority_(authority) {}

  [[nodiscard]] std::shared_ptr<const BundleSet> Bundles() const override;

  /// From here on with these, DER; none of them if they are too large for a message.
  void Replace(std::vector<std::string> crls, bool left_out = false);

 private:
  void Compose(const BundleSet& bundles) const;

  const BundleSource& authority_;
  mutable std::mutex mutex_;  // Guards all below.
  mutable std::shared_ptr<const BundleSet> seen_;
  mutable std::shared_ptr<const BundleSet> composed_;
  mutable std::uint64_t edition_ = 0;
  std::vector<std::string> crls_;
  bool left_out_ = false;
};

}  // namespace surety
