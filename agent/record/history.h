#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <span>
#include <string>

#include "agent/policy/bounded_map.h"
#include "agent/policy/risk.h"
#include "agent/policy/velocity.h"
#include "agent/record/counts_table.h"
#include "agent/record/lineage_memory.h"
#include "agent/record/quarantine_list.h"
#include "agent/record/recorded_turn.h"
#include "agent/record/state_database.h"
#include "surety/standing.h"

namespace surety {

/// Whether a process has left the lineage that it was recorded with. A parent's
/// exit moves a process under another ancestor, which is no step of its own: from
/// an ancestor or a login to an ancestor is not leaving.
bool HasLeft(const Lineage& recorded, const Lineage& now);

/// The History that outlives the daemon: lineages, and what each has done, in
/// memory; in the database as of a second ago, and made whole from the audit log.
/// Thread-safe.
class StoredHistory final : public History {
 public:
  struct Parts {
    StateDatabase& database;
    const LineageReader& reader;
    LineageMemory& lineages;
    QuarantineList& quarantines;
  };
  static constexpr std::size_t kMostLineages = 8'192;
  static constexpr std::size_t kMostProcesses = 16'384;

  /// With what is stored. `parts` outlive the history. Until Whole() is called,
  /// every Standing says `starting`.
  static Result<std::unique_ptr<StoredHistory>> Load(const Parts& parts);

  Result<Standing> Look(const Peer& peer, Moment now) override;
  void Count(const Standing& standing, const ProcessKey& process, Happening what,
             std::string_view spiffe_id, Moment now) override;
  void Suspect(const std::string& lineage, std::string_view signal, Moment now) override;

  /// Learns again what turns of this boot within the last ten minutes did. Told
  /// twice, a turn counts once, if all turns of its second are told together.
  void Restore(std::span<const RecordedTurn> turns);
  /// All has been restored that there is.
  void Whole();

  void Exited(const ProcessKey& process) { of_process_->Erase(process); }
  /// Forgets counts that say nothing any more.
  void DropIdle(BootTime now);

 private:
  template <typename Subject>
  using Velocities = CountsTable<Subject, VelocityCounts>;
  using Risks = CountsTable<std::string, RiskAccount>;

  explicit StoredHistory(const Parts& parts) : parts_(parts) {}
  Result<void> LoadTables();

  const Parts parts_;
  std::unique_ptr<Velocities<std::string>> of_lineage_;
  std::unique_ptr<Velocities<ProcessKey>> of_process_;
  std::unique_ptr<Risks> risks_;
  std::atomic<bool> starting_ = true;

  std::mutex restoring_;  // Guards both below, which are empty once all is whole.
  BoundedMap<std::string, VelocityCounts> told_of_lineage_{kMostLineages};
  BoundedMap<ProcessKey, VelocityCounts> told_of_process_{kMostProcesses};
};

}  // namespace surety
