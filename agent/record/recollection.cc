#include "agent/record/recollection.h"

#include <algorithm>
#include <array>
#include <span>
#include <utility>
#include <variant>
#include <vector>

#include "agent/record/audit_replay.h"

namespace surety {
namespace {

// Counts are stored every second; the turns of one second must be told together.
constexpr std::uint64_t kOverlap = 2'000;
constexpr std::size_t kTurnsAtOnce = 1'024;

// The kind stands in front of the id's first colon, as lineage.h names them.
LineageKind KindOf(std::string_view id) {
  constexpr std::array kKinds = {
      std::pair{std::string_view("container:"), LineageKind::kContainer},
      std::pair{std::string_view("unit:"), LineageKind::kUnit},
      std::pair{std::string_view("cgroup:"), LineageKind::kCgroup},
      std::pair{std::string_view("login:"), LineageKind::kLogin},
  };
  const auto* const at =
      std::ranges::find_if(kKinds, [id](const auto& kind) { return id.starts_with(kind.first); });
  return at == kKinds.end() ? LineageKind::kAncestor : at->second;
}

RecordedTurn TurnOf(const AuditRecord& record, const RecordedDecision& decision) {
  RecordedTurn turn{.sequence = record.seq,
                    .boot_id = record.boot_id,
                    .at = record.at,
                    .process = decision.process.key,
                    .lineage = {.id = decision.lineage,
                                .kind = KindOf(decision.lineage),
                                .ancestors = decision.ancestors},
                    .action = decision.action,
                    .verdict = decision.verdict,
                    .minted = {}};
  for (const RecordedEntry& one : decision.entries) {
    if (one.minted && one.issued) turn.minted.push_back(*one.issued);
    if (one.token) turn.tokens.push_back(one.spiffe_id);
  }
  return turn;
}

class Teller {
 public:
  explicit Teller(State& state) : state_(state) {}

  void Take(const AuditRecord& record) {
    if (const auto* notice = std::get_if<RecordedNotice>(&record.content))
      return TakeNotice(record, *notice);
    const auto* decision = std::get_if<RecordedDecision>(&record.content);
    if (decision == nullptr) return;
    last_ = {.seq = record.seq, .at = record.at};
    turns_.push_back(TurnOf(record, *decision));
    ++told_;
    if (turns_.size() == kTurnsAtOnce) Tell();
  }
  std::uint64_t Finish() {
    Tell();
    return told_;
  }
  [[nodiscard]] std::optional<LastRecord> died_after() const {
    return stopped_ ? std::nullopt : last_;
  }

 private:
  // The log's own notices are of whoever opens it, so of this start.
  void TakeNotice(const AuditRecord& record, const RecordedNotice& notice) {
    if (notice.what.starts_with("audit.")) return;
    last_ = {.seq = record.seq, .at = record.at};
    if (notice.what == "daemon.stopped") stopped_ = true;
    if (notice.what == "daemon.started") stopped_ = false;
  }

  void Tell() {
    state_.Restore(turns_);
    turns_.clear();
  }

  State& state_;
  std::vector<RecordedTurn> turns_;
  std::uint64_t told_ = 0;
  bool stopped_ = false;
  std::optional<LastRecord> last_;
};

}  // namespace

Result<Recollected> Recollect(const std::string& audit_folder, State& state) {
  Recollected out;
  Teller teller(state);
  const std::uint64_t stored = state.stored_audit_sequence();
  const std::uint64_t from = stored > kOverlap ? stored - kOverlap : 1;
  const auto report = ReplayAudit(audit_folder, {.seq = from, .time = {}, .containing = {}},
                                  [&teller](const AuditRecord& record) {
                                    teller.Take(record);
                                    return true;
                                  });
  if (!report && report.error().code() == ErrorCode::kNotFound) return out;
  if (!report) return report.error().Within("learning again from the audit log");
  out.turns = teller.Finish();
  out.damaged = report->damaged;
  out.died_after = teller.died_after();
  return out;
}

}  // namespace surety
