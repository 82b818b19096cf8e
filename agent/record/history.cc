#include "agent/record/history.h"

#include <algorithm>
#include <array>
#include <utility>

namespace surety {
namespace {

using std::chrono::milliseconds;

constexpr CountsTableSettings kOfLineage{
    .what = "velocity of lineages",
    .select = "SELECT subject, counts FROM velocity_of_lineage ORDER BY rowid",
    .put = "INSERT OR REPLACE INTO velocity_of_lineage VALUES (?1, ?2)",
    .remove = "DELETE FROM velocity_of_lineage WHERE subject = ?1",
    .store_within = milliseconds(1000),
    .most = StoredHistory::kMostLineages};

constexpr CountsTableSettings kOfProcess{
    .what = "velocity of processes",
    .select = "SELECT subject, counts FROM velocity_of_process ORDER BY rowid",
    .put = "INSERT OR REPLACE INTO velocity_of_process VALUES (?1, ?2)",
    .remove = "DELETE FROM velocity_of_process WHERE subject = ?1",
    .store_within = milliseconds(1000),
    .most = StoredHistory::kMostProcesses};

// Signals cannot be learnt again from the audit log, and are few.
constexpr CountsTableSettings kRisk{.what = "risk",
                                    .select = "SELECT subject, counts FROM risk ORDER BY rowid",
                                    .put = "INSERT OR REPLACE INTO risk VALUES (?1, ?2)",
                                    .remove = "DELETE FROM risk WHERE subject = ?1",
                                    .store_within = milliseconds(20),
                                    .most = StoredHistory::kMostLineages};

Velocity VelocityOf(const VelocityCounts* counts, BootTime now) {
  return counts == nullptr ? Velocity() : counts->At(now);
}

/// What one turn did, as Count() was told of it then.
void Replay(const RecordedTurn& turn, VelocityCounts& counts) {
  const bool is_call = turn.action == Action::kIssue || turn.action == Action::kToken;
  if (is_call) counts.Add(Happening::kStream, turn.at.boot);
  if (turn.verdict == Verdict::kRefuse) counts.Add(Happening::kRefusal, turn.at.boot);
  for (const IssuedSvid& svid : turn.minted) {
    counts.Add(Happening::kSvid, turn.at.boot);
    counts.AddIdentity(svid.spiffe_id, turn.at.boot);
  }
  for (const std::string& id : turn.tokens) {
    counts.Add(Happening::kSvid, turn.at.boot);
    counts.AddIdentity(id, turn.at.boot);
  }
}

template <typename Table, typename Told>
void JoinAll(Table& table, const Told& told) {
  for (const auto& [subject, theirs] : told)
    table.Update(subject, [&counts = theirs](VelocityCounts& ours) { ours.Join(counts); });
}

}  // namespace

bool HasLeft(const Lineage& recorded, const Lineage& now) {
  if (recorded.id == now.id) return false;
  const bool of_one_boot =
      recorded.kind == LineageKind::kAncestor || recorded.kind == LineageKind::kLogin;
  return !(of_one_boot && now.kind == LineageKind::kAncestor);
}

Result<std::unique_ptr<StoredHistory>> StoredHistory::Load(const Parts& parts) {
  std::unique_ptr<StoredHistory> history(new StoredHistory(parts));
  if (auto loaded = history->LoadTables(); !loaded) return loaded.error();
  return history;
}

Result<void> StoredHistory::LoadTables() {
  auto of_lineage = Velocities<std::string>::Load(parts_.database, kOfLineage);
  if (!of_lineage) return of_lineage.error();
  auto of_process = Velocities<ProcessKey>::Load(parts_.database, kOfProcess);
  if (!of_process) return of_process.error();
  auto risks = Risks::Load(parts_.database, kRisk);
  if (!risks) return risks.error();
  of_lineage_ = std::move(*of_lineage);
  of_process_ = std::move(*of_process);
  risks_ = std::move(*risks);
  return {};
}

Result<Standing> StoredHistory::Look(const Peer& peer, Moment now) {
  auto told = parts_.reader.Read(*peer.process);
  if (!told) return told.error();
  const ProcessKey process = peer.process->key();
  const auto recorded = parts_.lineages.Record(process, *told);

  Standing standing{.lineage = *recorded,
                    .lineage_now = std::move(*told),
                    .of_lineage = {},
                    .of_process = {},
                    .risk = {},
                    .quarantines = {},
                    .starting = starting_};
  standing.left_lineage = HasLeft(standing.lineage, standing.lineage_now);
  const auto velocity = [&](const VelocityCounts* counts) { return VelocityOf(counts, now.boot); };
  standing.of_lineage = of_lineage_->Look(standing.lineage.id, velocity);
  standing.of_process = of_process_->Look(process, velocity);
  standing.risk = risks_->Look(standing.lineage.id, [&](const RiskAccount* account) {
    return account == nullptr ? Risk() : account->At(now.boot);
  });
  const std::array<std::string_view, 2> lineages{standing.lineage.id, standing.lineage_now.id};
  standing.quarantines = parts_.quarantines.Of(lineages, now);
  return standing;
}

void StoredHistory::Count(const Standing& standing, const ProcessKey& process, Happening what,
                          std::string_view spiffe_id, Moment now) {
  const bool given = what == Happening::kSvid && !spiffe_id.empty();
  const auto count = [&](VelocityCounts& counts) {
    counts.Add(what, now.boot);
    return given && counts.AddIdentity(spiffe_id, now.boot) && counts.At(now.boot).spiffe_ids > 1;
  };
  const bool one_more_identity = of_lineage_->Update(standing.lineage.id, count);
  of_process_->Update(process, count);
  if (what == Happening::kSvid) parts_.lineages.HoldsIdentity(process);
  if (what == Happening::kRefusal) Suspect(standing.lineage.id, "refused", now);
  if (one_more_identity) Suspect(standing.lineage.id, "new_spiffe_id", now);
}

void StoredHistory::Suspect(const std::string& lineage, std::string_view signal, Moment now) {
  const bool known = std::ranges::any_of(
      RiskSignals(), [&](const RiskSignal& listed) { return listed.name == signal; });
  if (!known) return;
  risks_->Update(lineage, [&](RiskAccount& account) { return account.Add(signal, now.boot); });
}

void StoredHistory::Restore(std::span<const RecordedTurn> turns) {
  const std::lock_guard lock(restoring_);
  for (const RecordedTurn& turn : turns) {
    if (turn.lineage.id.empty()) continue;
    parts_.lineages.Adopt(turn.process, turn.lineage);
    Replay(turn, told_of_lineage_.Touch(turn.lineage.id));
    Replay(turn, told_of_process_.Touch(turn.process));
  }
}

void StoredHistory::Whole() {
  const std::lock_guard lock(restoring_);
  JoinAll(*of_lineage_, told_of_lineage_);
  JoinAll(*of_process_, told_of_process_);
  told_of_lineage_ = BoundedMap<std::string, VelocityCounts>(kMostLineages);
  told_of_process_ = BoundedMap<ProcessKey, VelocityCounts>(kMostProcesses);
  starting_ = false;
}

void StoredHistory::DropIdle(BootTime now) {
  of_lineage_->DropIdle(now);
  of_process_->DropIdle(now);
  risks_->DropIdle(now);
}

}  // namespace surety
