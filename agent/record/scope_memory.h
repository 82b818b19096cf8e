#pragma once

#include <mutex>
#include <unordered_map>

#include "surety/scope.h"

namespace surety {

/// Pinned scopes, in memory: what a restart of the daemon forgets is pinned
/// anew at the next turn. Holds no descriptors, so that a process that keeps no
/// connection costs memory only, and no more of that than it costs the kernel.
class ScopeMemory final : public ScopeLedger {
 public:
  std::optional<Scope> Find(const ProcessKey& process) const override;
  Result<bool> Pin(const Peer& peer, const Scope& scope) override;

  /// Drops the scopes of processes that have exited (kill(2) with signal 0). A
  /// pid in use again keeps the old scope in memory, where no one can match it.
  /// Called now and then; returns how many are left.
  std::size_t Sweep();

 private:
  mutable std::mutex mutex_;
  std::unordered_map<ProcessKey, Scope> pinned_;  // Guarded by mutex_.
};

}  // namespace surety
