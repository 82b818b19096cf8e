#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "surety/admin_actions.h"
#include "surety/clock.h"
#include "surety/result.h"
#include "surety/spiffe_id.h"

namespace surety {

/// The bundle that is held of another trust domain.
struct HeldBundle {
  std::string trust_domain;  ///< Its name: "partner.example".
  std::uint32_t x509_authorities = 0;
  std::uint32_t jwt_keys = 0;
  std::optional<std::uint64_t> sequence{};
  Seconds refresh_hint{0};
  bool in_map = false;  ///< It comes from the bundle map, so that its hint says nothing.
};

/// What became of a bundle that was set.
struct BundleSetOutcome {
  bool changed = false;               ///< Whether anybody is believed who was not, or no more.
  std::vector<std::string> warnings;  ///< Sentences for people.
};

/// The largest document that an operator may set over the admin socket.
inline constexpr std::size_t kLargestSetBundle = 60'000;

/// What operators may do with bundles while the daemon runs. Every change is recorded with
/// who ordered it. Thread-safe. In agent/federation/operator_bundles.h.
class BundleActions {
 public:
  virtual ~BundleActions() = default;

  /// Those of other trust domains, by name.
  [[nodiscard]] virtual std::vector<HeldBundle> HeldBundles() const = 0;

  /// A SPIFFE bundle document: of our own trust domain, or as it was set for another
  /// (kNotFound if none is held).
  [[nodiscard]] virtual Result<std::string> BundleDocument(
      const std::optional<TrustDomain>& trust_domain) const = 0;

  /// In force and on disk before it returns. kInvalidArgument: our own trust domain, one
  /// of the bundle map's, or no document that can be used.
  virtual Result<BundleSetOutcome> SetBundle(const TrustDomain& trust_domain,
                                             std::string_view document, const Operator& by) = 0;

  /// kNotFound if none is held, kInvalidArgument if it is the bundle map's.
  virtual Result<void> DeleteBundle(const TrustDomain& trust_domain, const Operator& by) = 0;
};

}  // namespace surety
