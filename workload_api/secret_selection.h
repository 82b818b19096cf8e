#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "surety/bundle.h"
#include "surety/issuer.h"
#include "surety/result.h"
#include "workload_api/secret_names.h"

namespace surety {

/// One secret as it is told: an SVID, or what to trust of a trust domain.
struct ChosenSecret {
  std::string name;
  std::shared_ptr<const X509Svid> svid = nullptr;      ///< Null: what to trust.
  std::shared_ptr<const BundleSet> bundles = nullptr;  ///< Null with an SVID.
  std::string foreign = {};  ///< The trust domain, where it is not our own.

  [[nodiscard]] const std::vector<std::string>& authorities() const;
  [[nodiscard]] std::span<const std::string> crls() const;
  /// By what is in it.
  bool operator==(const ChosenSecret& other) const;
};

/// All that a stream of secrets should have.
struct ChosenSecrets {
  std::vector<ChosenSecret> secrets;

  /// Of what is in it but the keys, each of which has a certificate of its own.
  [[nodiscard]] std::string Version() const;
  bool operator==(const ChosenSecrets&) const = default;
};

/// Picks what is asked for out of what the caller holds, the default SVID first.
/// kInvalidArgument names what it has no right to, as SPIRE's agent does: in place of
/// that it gets nothing at all. kUnavailable for our own bundle without the CRLs that it
/// should have.
Result<ChosenSecrets> ChooseSecrets(const SecretDemand& demand,
                                    std::span<const std::shared_ptr<const X509Svid>> svids,
                                    const std::shared_ptr<const BundleSet>& bundles);

}  // namespace surety
