#pragma once

#include <memory>
#include <string>
#include <vector>

#include "surety/peer.h"
#include "surety/result.h"
#include "surety/selector.h"

namespace surety {

/// All that was attested of a process when it was first given an identity. Not
/// only what matched: a process that gains a group has changed.
struct Scope {
  SelectorSet selectors;
  bool operator==(const Scope&) const = default;
};

/// What differs between a process's pinned scope and what is seen of it now.
struct Drift {
  SelectorSet gained;  ///< Seen now only.
  SelectorSet lost;    ///< Pinned only.
  [[nodiscard]] bool empty() const { return gained.empty() && lost.empty(); }
  bool operator==(const Drift&) const = default;
  /// The kinds of selector that drifted, sorted, each once: {"unix:path", "unix:sha256"}.
  [[nodiscard]] std::vector<std::string> Kinds() const;
};

Drift DriftBetween(const Scope& pinned, const SelectorSet& seen);

/// Remembers each process's first scope until the process exits. Keyed by
/// process and not by connection, or a jump would be washed off by connecting
/// again, or by restarting the daemon. Thread-safe.
/// In agent/record/scope_ledger.h; tests: tests/fakes/fake_walk.h.
class ScopeLedger {
 public:
  virtual ~ScopeLedger() = default;
  /// Null: none is pinned.
  virtual std::shared_ptr<const Scope> Find(const ProcessKey& process) const = 0;
  /// Atomic. True if the process now has this scope. False if another turn has
  /// pinned a different one in between: the caller decides again.
  /// An Error says that the pin could not be stored, and then nothing is pinned.
  virtual Result<bool> Pin(const Peer& peer, const Scope& scope) = 0;
};

}  // namespace surety
