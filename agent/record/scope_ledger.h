#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "agent/record/changed_keys.h"
#include "agent/record/state_database.h"
#include "surety/scope.h"

namespace surety {

/// Pinned scopes, in memory and in the database: they outlive the daemon, and go
/// with their process. Pinning costs a transaction, shared by all who pin at the
/// same time; finding costs none. Thread-safe.
class StoredScopeLedger final : public ScopeLedger, private Saver {
 public:
  /// With what is stored. `database` outlives the ledger. kDataLoss: a stored
  /// scope cannot be read.
  static Result<std::unique_ptr<StoredScopeLedger>> Load(StateDatabase& database,
                                                         std::size_t most = kMostPins);
  ~StoredScopeLedger() override;

  std::shared_ptr<const Scope> Find(const ProcessKey& process) const override;
  /// kResourceExhausted when as many are pinned as there may be.
  Result<bool> Pin(const Peer& peer, const Scope& scope) override;

  /// Drops the scope of a process that has exited; stored within a second.
  void Forget(const ProcessKey& process);

  /// Notes that the process itself was found to have jumped: from now on only its
  /// exit drops its scope. Stored by the next StoreNow(saver()). False if there is
  /// nothing to note: no scope, or noted already.
  bool MarkJumped(const ProcessKey& process);
  /// Drops the scopes of those that have not jumped; they are pinned afresh at
  /// their next turn. As MarkJumped, stored by the next StoreNow.
  void Reopen(std::span<const ProcessKey> processes);
  [[nodiscard]] Saver& saver() { return *this; }

  /// Those that have a scope.
  [[nodiscard]] std::vector<ProcessKey> Processes() const;

  static constexpr std::size_t kMostPins = 131'072;

 private:
  struct Pinned {
    std::shared_ptr<const Scope> scope;
    bool jumped = false;
  };
  class Row;
  StoredScopeLedger(StateDatabase& database, std::size_t most) : database_(database), most_(most) {}
  Result<void> Read();
  Result<void> Write(SqliteConnection& database) override;
  void Settled(bool committed) override;
  [[nodiscard]] std::string_view what() const override { return "pinned scopes"; }
  [[nodiscard]] Durability durability() const override { return Durability::kProcess; }

  StateDatabase& database_;
  const std::size_t most_;
  mutable std::mutex mutex_;
  std::condition_variable settled_;
  std::unordered_map<ProcessKey, Pinned> pins_;  // Guarded by mutex_, as all below.
  std::unordered_set<ProcessKey> storing_;       // Pin() is at work on them.
  ChangedKeys<ProcessKey> changed_;              // Forgotten or marked.
};

}  // namespace surety
