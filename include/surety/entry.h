#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "surety/clock.h"
#include "surety/selector.h"
#include "surety/spiffe_id.h"

namespace surety {

/// "A process with all of these selectors is this identity."
struct Entry {
  std::string id;         ///< Stable name, for audit and order. Unique in its set.
  SpiffeId spiffe_id;     ///< Of our trust domain, with a path, not below /spire.
  SelectorSet selectors;  ///< Not empty: an entry that matches all is refused at load.
  Seconds x509_ttl;       ///< Lifetime of one SVID.
  std::string hint;       ///< Empty or unique in its set; at most 1024 bytes.
  std::vector<std::string> dns_names;
  int priority = 0;  ///< SVIDs are ordered by priority, highest first, then by id.
  /// Kinds of selector ("unix:path", "cgroup", …) whose drift counts; absent: all
  /// but those of docs/policy.md that change in the ordinary life of a process.
  std::optional<std::vector<std::string>> pins{};
  /// Whether the death of the process revokes its SVIDs. Off for an entry whose
  /// process hands its SVID over to files and ends.
  bool revoke_on_exit = true;
  Seconds jwt_ttl{300};  ///< Lifetime of one JWT-SVID.
  /// The only audiences that tokens may be for; absent: any.
  std::optional<std::vector<std::string>> jwt_audiences{};
  Seconds wit_ttl{300};  ///< Lifetime of one WIT-SVID.
  /// The other trust domains whose bundles it gets. Sorted, each once, never our own.
  std::vector<TrustDomain> federates_with{};
  bool operator==(const Entry&) const = default;
};

/// The registered entries. Thread-safe; a reload swaps the whole set, and what
/// was handed out before stays valid for as long as it is held.
class EntryStore {
 public:
  virtual ~EntryStore() = default;
  /// Entries whose selectors are all in `have`, by priority (highest first),
  /// then by id. Entries stay alive through a reload.
  virtual std::vector<std::shared_ptr<const Entry>> Match(const SelectorSet& have) const = 0;
};

}  // namespace surety
