#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "agent/identity/diagnostic.h"
#include "surety/clock.h"
#include "surety/entry.h"

namespace surety {

/// What an entry is judged by.
struct EntryRules {
  TrustDomain trust_domain;  ///< Entries of another one are refused.
  Seconds default_ttl;       ///< Of entries without x509_ttl.
  Seconds ca_ttl;            ///< A longer x509_ttl is a warning: an SVID never outlives its signer.
  /// What the attestors that run can make: a type, "cgroup", stands for all of its
  /// kinds, a kind, "unix:uid", for itself. Any other selector is an error, since
  /// it could never match, and so is any other pin. Empty: any is taken.
  std::vector<std::string> known_selectors = {};
  Seconds default_jwt_ttl{300};              ///< Of entries without jwt_ttl.
  Seconds default_wit_ttl{300};              ///< Of entries without wit_ttl.
  std::optional<SpiffeId> endpoint_id = {};  ///< Of our bundle endpoint: no entry's.
};

/// An entry and where it was written.
struct LocatedEntry {
  Entry entry;
  std::string file;
  Position at;       ///< Of its heading.
  Position id_at;    ///< Of its id, or of its SPIFFE ID if the id is derived.
  Position hint_at;  ///< As `at` if it has none.
  bool id_is_derived = false;
  Position selectors_at = {};  ///< Of the list.
};

inline constexpr Seconds kMinX509Ttl{10};
inline constexpr Seconds kMaxX509Ttl{30 * 86'400};
inline constexpr Seconds kMinJwtTtl{10};
inline constexpr Seconds kMaxJwtTtl{86'400};
inline constexpr std::size_t kMaxAudiencesPerEntry = 64;
inline constexpr std::size_t kMaxFederatesWith = 32;
inline constexpr std::size_t kMaxSelectorsPerEntry = 64;
inline constexpr std::size_t kMaxSelectorBytes = 8192;
inline constexpr std::size_t kMaxPinsPerEntry = 64;
inline constexpr std::size_t kMaxDnsNamesPerEntry = 64;
inline constexpr std::size_t kMaxHintBytes = 1024;
inline constexpr std::size_t kMaxEntryIdBytes = 2048;

/// Reads the entries of one file; docs/configuration.md has the format. Pure.
/// Adds all that is wrong with it to `diagnostics`. Returns every entry that has
/// a SPIFFE ID: to be compared with each other whatever else is wrong with them,
/// but used only if nothing is.
std::vector<LocatedEntry> ParseEntries(std::string_view file, std::string_view text,
                                       const EntryRules& rules, Diagnostics& diagnostics);

/// Adds an error for every id and every hint that an entry shares with one
/// before it, whatever files they are in.
void RefuseDuplicates(const std::vector<LocatedEntry>& entries, Diagnostics& diagnostics);

}  // namespace surety
