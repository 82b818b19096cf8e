#pragma once

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "agent/command/checked_update.h"

namespace surety {

/// What one update held, kept to compare the next one with: no key.
struct SeenUpdate {
  std::vector<std::pair<std::string, std::string>> svids;  ///< SPIFFE ID and serial, in order.
  std::map<TrustDomain, std::vector<std::string>> bundles;
  std::map<TrustDomain, std::vector<std::string>> federated;
  std::vector<std::string> crls;
};

SeenUpdate SeenOf(const CheckedUpdate& update);

/// What differs, as stable tokens in this order: "identity_added",
/// "identity_removed", "default_changed", "rotated", "bundle_changed",
/// "federation_changed", "crl_changed". Empty if nothing does.
std::vector<std::string_view> ChangesBetween(const SeenUpdate& before, const SeenUpdate& now);

}  // namespace surety
