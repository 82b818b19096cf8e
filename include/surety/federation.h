#pragma once

#include <memory>
#include <vector>

#include "surety/bundle.h"
#include "surety/token.h"

namespace surety {

/// Trust domains other than our own, sorted, each once.
using TrustDomains = std::vector<TrustDomain>;

/// Puts the bundles of other trust domains to our own, each under its own name and never
/// merged (SPIFFE_Workload_API.md section 4.6). Thread-safe, and waits for nothing.
/// In agent/federation/federated_bundles.h.
class Federation {
 public:
  virtual ~Federation() = default;
  /// `own` with the bundles of `others`, as far as they are held and trust anybody: what is
  /// not held is absent. For the same arguments the same object, for as long as somebody
  /// has it and none of these bundles changes; `own` itself if there is nothing to put to
  /// it. Never null.
  [[nodiscard]] virtual std::shared_ptr<const BundleSet> Add(
      const TrustDomains& others, std::shared_ptr<const BundleSet> own) const = 0;
  [[nodiscard]] virtual std::shared_ptr<const TokenBundles> Add(
      const TrustDomains& others, std::shared_ptr<const TokenBundles> own) const = 0;
  /// The same with the keys for WIT-SVIDs.
  [[nodiscard]] virtual std::shared_ptr<const TokenBundles> AddWits(
      const TrustDomains& others, std::shared_ptr<const TokenBundles> own) const = 0;
};

}  // namespace surety
