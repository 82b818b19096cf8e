#include "agent/record/lineage_memory.h"

#include "agent/record/ancestors_text.h"
#include "agent/record/subject_text.h"

namespace surety {
namespace {

constexpr std::chrono::milliseconds kStoreWithin{250};
constexpr std::size_t kMostInOneTransaction = 500;
// News of a fork may come after that of the parent's exit, from another source.
constexpr std::size_t kRememberedExits = 4'096;

std::int64_t Ticks(const ProcessKey& process) {
  return static_cast<std::int64_t>(process.start_ticks);
}

}  // namespace

Result<std::unique_ptr<LineageMemory>> LineageMemory::Load(StateDatabase& database, Limits limits) {
  std::unique_ptr<LineageMemory> memory(new LineageMemory(database, limits));
  if (auto read = memory->Read(); !read) return read.error().Within("lineages");
  return memory;
}

LineageMemory::~LineageMemory() { database_.Leave(*this); }

Result<void> LineageMemory::Read() {
  Result<void> parsed;
  auto read = database_.Read([&](SqliteConnection& database) {
    const std::lock_guard lock(mutex_);
    return database.Each(
        "SELECT pid, start_ticks, lineage, kind, holder, ancestors FROM lineages ORDER BY process",
        {}, [&](const SqliteRow& row) {
          if (auto one = ReadRow(row); !one) parsed = one;
        });
  });
  return read ? parsed : read;
}

Result<void> LineageMemory::ReadRow(const SqliteRow& row) {
  auto ancestors = ReadAncestors(row.Text(5));
  if (!ancestors) return ancestors.error();
  const bool looked_at = !ancestors->empty();
  const Lineage lineage{.id = row.Text(2),
                        .kind = static_cast<LineageKind>(row.Integer(3)),
                        .ancestors = std::move(*ancestors)};
  const ProcessKey process{static_cast<pid_t>(row.Integer(0)),
                           static_cast<std::uint64_t>(row.Integer(1))};
  changed_.Stored(process);
  Insert(process, {.lineage = std::make_shared<const Lineage>(lineage),
                   .rank = {row.Integer(4) != 0, next_++},
                   .looked_at = looked_at,
                   .inherited = true});
  if (known_.contains(process)) changed_.Stored(process);
  return {};
}

std::shared_ptr<const Lineage> LineageMemory::Record(const ProcessKey& process,
                                                     const Lineage& now) {
  const std::lock_guard lock(mutex_);
  const auto found = known_.find(process);
  if (found != known_.end() && found->second.looked_at) return found->second.lineage;

  Known known{.lineage = {}, .rank = {false, next_++}, .looked_at = true};
  const Lineage* recorded = &now;
  if (found != known_.end()) {
    known = found->second;
    known.looked_at = true;
    recorded = known.lineage.get();
  } else if (const Known* ancestor = FirstKnown(now.ancestors)) {
    known.inherited = true;
    recorded = ancestor->lineage.get();
  }
  known.lineage =
      std::make_shared<const Lineage>(Lineage{recorded->id, recorded->kind, now.ancestors});
  auto lineage = known.lineage;
  Insert(process, std::move(known));
  database_.StoreSoon(*this, kStoreWithin);
  return lineage;
}

void LineageMemory::Adopt(const ProcessKey& process, const Lineage& recorded) {
  const std::lock_guard lock(mutex_);
  if (recorded.id.empty() || known_.contains(process)) return;
  Insert(process, {.lineage = std::make_shared<const Lineage>(recorded),
                   .rank = {false, next_++},
                   .looked_at = !recorded.ancestors.empty(),
                   .inherited = true});
  database_.StoreSoon(*this, kStoreWithin);
}

const LineageMemory::Known* LineageMemory::FirstKnown(
    const std::vector<Ancestor>& ancestors) const {
  for (const Ancestor& ancestor : ancestors)
    if (const auto found = known_.find(ancestor.key); found != known_.end()) return &found->second;
  return nullptr;
}

std::shared_ptr<const Lineage> LineageMemory::LineageOfParent(const ProcessKey& parent) const {
  if (const auto found = known_.find(parent); found != known_.end()) return found->second.lineage;
  const auto exited = exited_.find(parent);
  return exited == exited_.end() ? nullptr : exited->second;
}

void LineageMemory::Forked(const ProcessKey& parent, const ProcessKey& child) {
  const std::lock_guard lock(mutex_);
  const auto lineage = LineageOfParent(parent);
  if (!lineage) return;
  Known known{.lineage = {}, .rank = {false, next_++}, .inherited = true};
  std::vector<Ancestor> ancestors;
  if (const auto found = known_.find(child); found != known_.end()) {
    if (found->second.inherited) return;
    known = found->second;
    known.inherited = true;
    ancestors = known.lineage->ancestors;
  }
  known.lineage =
      std::make_shared<const Lineage>(Lineage{lineage->id, lineage->kind, std::move(ancestors)});
  Insert(child, std::move(known));
  database_.StoreSoon(*this, kStoreWithin);
}

void LineageMemory::Exited(const ProcessKey& process) {
  const std::lock_guard lock(mutex_);
  const auto found = known_.find(process);
  if (found == known_.end()) return;
  if (exited_.try_emplace(process, found->second.lineage).second) exited_order_.push_back(process);
  if (exited_order_.size() > kRememberedExits) {
    exited_.erase(exited_order_.front());
    exited_order_.pop_front();
  }
  Erase(process);
  database_.StoreSoon(*this, kStoreWithin);
}

void LineageMemory::HoldsIdentity(const ProcessKey& process) {
  const std::lock_guard lock(mutex_);
  const auto found = known_.find(process);
  if (found == known_.end() || found->second.rank.first) return;
  Known known = found->second;
  known.rank.first = true;
  Insert(process, std::move(known));
  database_.StoreSoon(*this, kStoreWithin);
}

void LineageMemory::Insert(const ProcessKey& process, Known known) {
  Erase(process);
  Ranking& own = of_lineage_[known.lineage->id];
  own.emplace(known.rank, process);
  ranking_.emplace(known.rank, process);
  known_.insert_or_assign(process, std::move(known));
  changed_.Changed(process);
  if (own.size() > limits_.of_lineage) MakeRoom(own);
  if (ranking_.size() > limits_.of_all) MakeRoom(ranking_);
}

void LineageMemory::Erase(const ProcessKey& process) {
  const auto found = known_.find(process);
  if (found == known_.end()) return;
  const auto own = of_lineage_.find(found->second.lineage->id);
  own->second.erase(found->second.rank);
  if (own->second.empty()) of_lineage_.erase(own);
  ranking_.erase(found->second.rank);
  known_.erase(found);
  changed_.Removed(process);
}

void LineageMemory::MakeRoom(const Ranking& ranking) {
  const auto [rank, process] = *ranking.begin();
  if (rank.first) ++forgotten_holders_;
  Erase(process);
}

bool LineageMemory::Knows(const ProcessKey& process) const {
  const std::lock_guard lock(mutex_);
  return known_.contains(process);
}

std::vector<ProcessKey> LineageMemory::ProcessesOf(const std::string& lineage) const {
  const std::lock_guard lock(mutex_);
  std::vector<ProcessKey> processes;
  if (const auto own = of_lineage_.find(lineage); own != of_lineage_.end())
    for (const auto& [rank, process] : own->second) processes.push_back(process);
  return processes;
}

std::vector<ProcessKey> LineageMemory::Processes() const {
  const std::lock_guard lock(mutex_);
  std::vector<ProcessKey> processes;
  processes.reserve(known_.size());
  for (const auto& [process, known] : known_) processes.push_back(process);
  return processes;
}

std::string LineageMemory::Degraded() const {
  const std::lock_guard lock(mutex_);
  if (forgotten_holders_ == 0) return {};
  return "the lineage of " + std::to_string(forgotten_holders_) +
         " processes with an identity was forgotten: more than " + std::to_string(limits_.of_all) +
         " are alive, or more than " + std::to_string(limits_.of_lineage) + " of one lineage";
}

Result<void> LineageMemory::Write(SqliteConnection& database) {
  std::vector<std::pair<ProcessKey, Known>> rows;
  ChangedKeys<ProcessKey>::Batch batch;
  {
    const std::lock_guard lock(mutex_);
    const auto exists = [this](const ProcessKey& process) { return known_.contains(process); };
    batch = changed_.Take(exists, kMostInOneTransaction);
    for (const ProcessKey& process : batch.present) rows.emplace_back(process, known_.at(process));
  }
  for (const auto& [process, known] : rows)
    if (auto written = WriteRow(database, process, known); !written) return written;
  for (const ProcessKey& process : batch.gone)
    if (auto written = database.Run("DELETE FROM lineages WHERE process = ?1", {RowOf(process)});
        !written)
      return written;
  return {};
}

Result<void> LineageMemory::WriteRow(SqliteConnection& database, const ProcessKey& process,
                                     const Known& known) {
  const Lineage& lineage = *known.lineage;
  return database.Run("INSERT OR REPLACE INTO lineages VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
                      {RowOf(process), process.pid, Ticks(process), lineage.id,
                       static_cast<std::int64_t>(lineage.kind), known.rank.first ? 1 : 0,
                       WriteAncestors(lineage.ancestors)});
}

void LineageMemory::Settled(bool committed) {
  const std::lock_guard lock(mutex_);
  changed_.Settle(committed);
  if (!changed_.empty()) database_.StoreSoon(*this, std::chrono::milliseconds(0));
}

}  // namespace surety
