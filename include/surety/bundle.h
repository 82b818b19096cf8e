#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "surety/spiffe_id.h"

namespace surety {

/// What a workload should trust at one time. Never changes once it is shared.
struct BundleSet {
  /// Rises with every change of authorities or federated bundles, also across restarts.
  std::uint64_t revision = 0;
  /// Differs between any two sets of one run that differ in anything, CRLs included.
  std::uint64_t edition = 0;
  TrustDomain trust_domain;
  /// DER certificates of our own authorities: those that sign, those that are
  /// about to, and those whose SVIDs may still be valid. X.509 only.
  std::vector<std::string> x509_authorities;
  /// Other trust domains' authorities by name, never merged with ours.
  std::map<std::string, std::vector<std::string>> federated;
  std::vector<std::string> crls;  ///< DER.
  bool crls_left_out = false;     ///< There are some, which are too large for a message.
};

/// Where bundles come from. Thread-safe. What the Issuer signs can be verified
/// with every bundle that is asked for *afterwards*, so a caller that hands out
/// both mints first.
class BundleSource {
 public:
  virtual ~BundleSource() = default;
  /// Never null.
  [[nodiscard]] virtual std::shared_ptr<const BundleSet> Bundles() const = 0;
};

}  // namespace surety
