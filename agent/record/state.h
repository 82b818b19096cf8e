#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "agent/record/crl_numbers.h"
#include "agent/record/history.h"
#include "agent/record/issued_svids.h"
#include "agent/record/lineage_memory.h"
#include "agent/record/quarantine_list.h"
#include "agent/record/revocation_list.h"
#include "agent/record/sanctions.h"
#include "agent/record/scope_ledger.h"
#include "agent/record/state_database.h"

namespace surety {

/// The boot id of this machine, from /proc/sys/kernel/random/boot_id (random(4)).
Result<std::string> ReadBootId();

/// All that Surety remembers, put together. At a start:
///
///   auto state = State::Open(…);          // What was stored.
///   state->Restore(turns); …              // What the audit log tells beyond that:
///                                         // records after stored_audit_sequence(),
///                                         // and those of the last ten minutes.
///   state->Ready(clock.Now());            // From here on, Standing::starting is false.
///
/// Then Tick() about once a second, and Exited and Forked as the watcher tells.
/// Thread-safe after Open.
class State {
 public:
  struct Options {
    std::string folder;
    std::string boot_id;
    const Clock& clock;
    const LineageReader& reader;
    ProcessOpener& opener;
    SanctionEvents events{};
    std::size_t most_revoked_by_exit = RevocationList::kMostByExit;
  };
  /// Errors as StateDatabase::Open. What `options` refers to outlives the state.
  static Result<std::unique_ptr<State>> Open(Options options);
  ~State();

  [[nodiscard]] StoredScopeLedger& scopes() { return *scopes_; }
  [[nodiscard]] StoredHistory& history() { return *history_; }
  [[nodiscard]] StoredSanctions& sanctions() { return *sanctions_; }
  [[nodiscard]] RevocationList& revocations() { return *revocations_; }
  [[nodiscard]] QuarantineList& quarantines() { return *quarantines_; }
  [[nodiscard]] LineageMemory& lineages() { return *lineages_; }
  [[nodiscard]] CrlNumbers& crl_numbers() { return crl_numbers_; }

  /// What an operator should know of the opening, a sentence each.
  [[nodiscard]] const std::vector<std::string>& notes() const { return database_->notes(); }
  /// The audit record up to which no SVID need be learnt again.
  [[nodiscard]] std::uint64_t stored_audit_sequence() const;
  /// In any order and in as many parts as is convenient, all before Ready.
  void Restore(std::span<const RecordedTurn> turns);
  void Ready(Moment now);

  void Exited(const ProcessKey& process, Moment now);
  void Forked(const ProcessKey& parent, const ProcessKey& child) {
    lineages_->Forked(parent, child);
  }

  /// Ends what is over, drops what has expired, and once a minute looks for
  /// processes that have exited unnoticed. `audit_sequence`: the last record that
  /// the audit log has written.
  void Tick(Moment now, std::uint64_t audit_sequence);

  /// Writes everything that is still to be written, at a stop.
  Result<void> Flush() { return database_->StoreAll(); }

  /// What is remembered less well than it should be, in sentences; empty if all is well.
  [[nodiscard]] std::string Degraded() const;

 private:
  class Clocks;
  State(Options options, std::unique_ptr<StateDatabase> database);
  Result<void> Load();
  void Sweep(Moment now);
  [[nodiscard]] bool HasExited(const ProcessKey& process) const;

  const Options options_;
  const std::unique_ptr<StateDatabase> database_;  // First: the others leave it when they go.
  CrlNumbers crl_numbers_;
  std::unique_ptr<Clocks> clocks_;
  std::unique_ptr<StoredScopeLedger> scopes_;
  std::unique_ptr<LineageMemory> lineages_;
  std::unique_ptr<QuarantineList> quarantines_;
  std::unique_ptr<IssuedSvids> issued_;
  std::unique_ptr<StoredHistory> history_;
  std::unique_ptr<StoredSanctions> sanctions_;
  std::unique_ptr<RevocationList> revocations_;  // After sanctions_, which it calls.
  BootTime swept_;                               // Of Tick's caller.
};

}  // namespace surety
