#pragma once

#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "agent/record/changed_keys.h"
#include "agent/record/state_database.h"
#include "surety/lineage.h"

namespace surety {

/// Which lineage each process was recorded with when it was first seen. A child
/// has its parent's, as far as that is known from its ancestors or was told by
/// Forked, so that neither fork(2) and the parent's exit nor setsid(2) lead out
/// of it. Stored in the background within a quarter of a second. Thread-safe.
class LineageMemory final : private Saver {
 public:
  struct Limits {
    std::size_t of_all = 65'536;
    std::size_t of_lineage = 10'000;
  };

  /// With what is stored. `database` outlives the memory.
  static Result<std::unique_ptr<LineageMemory>> Load(StateDatabase& database, Limits limits);
  ~LineageMemory() override;

  /// The lineage that the process was recorded with. Recorded now, if this is the
  /// first sight of it: that of the nearest ancestor known, else what is told now.
  std::shared_ptr<const Lineage> Record(const ProcessKey& process, const Lineage& now);

  /// Learns again what was recorded with a process, from the audit log, if that was
  /// not stored in time.
  void Adopt(const ProcessKey& process, const Lineage& recorded);

  /// A process that is known has a new child. Corrects what was recorded if the
  /// child was faster than this news of it.
  void Forked(const ProcessKey& parent, const ProcessKey& child);
  void Exited(const ProcessKey& process);
  /// The process has an identity: where room must be made, others go first.
  void HoldsIdentity(const ProcessKey& process);

  [[nodiscard]] bool Knows(const ProcessKey& process) const;
  [[nodiscard]] std::vector<ProcessKey> ProcessesOf(const std::string& lineage) const;
  [[nodiscard]] std::vector<ProcessKey> Processes() const;

  /// Whether processes with an identity had to be forgotten; empty if none.
  [[nodiscard]] std::string Degraded() const;

 private:
  /// Who goes first where room must be made: without an identity, then the oldest.
  using Rank = std::pair<bool, std::uint64_t>;
  using Ranking = std::map<Rank, ProcessKey>;
  struct Known {
    std::shared_ptr<const Lineage> lineage;
    Rank rank;
    bool looked_at = false;  // Its own ancestors are recorded.
    bool inherited = false;
  };

  LineageMemory(StateDatabase& database, Limits limits) : database_(database), limits_(limits) {}
  Result<void> Read();
  Result<void> ReadRow(const SqliteRow& row);

  // All under mutex_.
  const Known* FirstKnown(const std::vector<Ancestor>& ancestors) const;
  std::shared_ptr<const Lineage> LineageOfParent(const ProcessKey& parent) const;
  void Insert(const ProcessKey& process, Known known);
  void Erase(const ProcessKey& process);
  void MakeRoom(const Ranking& ranking);

  Result<void> Write(SqliteConnection& database) override;
  static Result<void> WriteRow(SqliteConnection& database, const ProcessKey& process,
                               const Known& known);
  void Settled(bool committed) override;
  [[nodiscard]] std::string_view what() const override { return "lineages"; }
  [[nodiscard]] Durability durability() const override { return Durability::kProcess; }

  StateDatabase& database_;
  const Limits limits_;
  mutable std::mutex mutex_;  // Guards all below.
  std::unordered_map<ProcessKey, Known> known_;
  Ranking ranking_;
  std::unordered_map<std::string, Ranking> of_lineage_;
  std::unordered_map<ProcessKey, std::shared_ptr<const Lineage>> exited_;  // The last few.
  std::deque<ProcessKey> exited_order_;
  ChangedKeys<ProcessKey> changed_;
  std::uint64_t next_ = 0;
  std::uint64_t forgotten_holders_ = 0;
};

}  // namespace surety
