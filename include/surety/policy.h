#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "surety/attestor.h"
#include "surety/entry.h"
#include "surety/scope.h"

namespace surety {

enum class Action {
  kIssue,    ///< The first SVID on a stream.
  kRotate,   ///< Any further one.
  kBundles,  ///< The trust bundles alone.
};

enum class Verdict {
  kAllow,
  kRefuse,     ///< Looked, and says no.
  kUndecided,  ///< Could not tell. Nothing is issued; the holder keeps what it
               ///< has and is looked at again soon.
};

std::string_view NameOf(Action action);
std::string_view NameOf(Verdict verdict);

/// What is asked. Borrowed for the length of the call.
struct PolicyRequest {
  Action action;
  const Peer& peer;
  const Attestation& seen;
  const std::optional<Scope>& pinned;  ///< Empty: this process has no identity yet.
  const Drift& drift;                  ///< Empty without a pinned scope.
  const Entry* entry;                  ///< Null when no entry matches (any more).
};

struct Decision {
  Verdict verdict = Verdict::kRefuse;
  /// A stable token for audit, metrics and the caller's status message:
  /// "entry_matched", "no_entry", "facts_missing".
  std::string reason = "unset";
};

/// The runtime hook: asked on every turn before anything is granted, once for
/// each matching entry, and once without an entry where none matches. Pure: the
/// same request has the same decision; no clock, no I/O. Thread-safe.
class Policy {
 public:
  virtual ~Policy() = default;
  virtual Decision Decide(const PolicyRequest& request) const = 0;
};

}  // namespace surety
