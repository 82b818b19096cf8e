#include "agent/record/state.h"

#include <fstream>
#include <set>
#include <utility>

#include "agent/record/boot_change.h"

namespace surety {
namespace {

constexpr Seconds kSweepEvery{60};

/// Moves what was loaded into its place, or tells why it was not.
template <typename Part>
Result<void> Keep(Result<std::unique_ptr<Part>> loaded, std::unique_ptr<Part>& place) {
  if (!loaded) return loaded.error();
  place = std::move(*loaded);
  return {};
}

}  // namespace

Result<std::string> ReadBootId() {
  std::ifstream file("/proc/sys/kernel/random/boot_id");
  std::string id;
  if (!std::getline(file, id) || id.empty())
    return Error(ErrorCode::kUnavailable,
                 "/proc/sys/kernel/random/boot_id cannot be read: is /proc mounted?");
  return id;
}

/// Notes both clocks now and then, for the next boot (EnterBoot).
class State::Clocks final : public Saver {
 public:
  explicit Clocks(StateDatabase& database) : database_(database) {}
  ~Clocks() override { database_.Leave(*this); }
  Clocks(const Clocks&) = delete;
  Clocks& operator=(const Clocks&) = delete;

  void Note(Moment now) {
    {
      const std::lock_guard lock(mutex_);
      now_ = now;
    }
    database_.StoreSoon(*this, std::chrono::milliseconds(100));
  }

 private:
  Result<void> Write(SqliteConnection& database) override {
    const std::lock_guard lock(mutex_);
    return NoteClocks(database, now_);
  }
  [[nodiscard]] std::string_view what() const override { return "clocks"; }
  [[nodiscard]] Durability durability() const override { return Durability::kPower; }

  StateDatabase& database_;
  std::mutex mutex_;
  Moment now_{};  // Guarded by mutex_.
};

Result<std::unique_ptr<State>> State::Open(Options options) {
  auto database = StateDatabase::Open({.folder = options.folder, .boot_id = options.boot_id},
                                      options.clock.Now());
  if (!database) return database.error();
  std::unique_ptr<State> state(new State(std::move(options), std::move(*database)));
  if (auto loaded = state->Load(); !loaded) return loaded.error().Within("the state database");
  return state;
}

State::State(Options options, std::unique_ptr<StateDatabase> database)
    : options_(std::move(options)),
      database_(std::move(database)),
      crl_numbers_(*database_),
      clocks_(std::make_unique<Clocks>(*database_)) {}

State::~State() { clocks_->Note(options_.clock.Now()); }

Result<void> State::Load() {
  StateDatabase& database = *database_;
  auto outcome = Keep(StoredScopeLedger::Load(database), scopes_);
  if (outcome) outcome = Keep(LineageMemory::Load(database, {}), lineages_);
  if (outcome) outcome = Keep(QuarantineList::Load(database), quarantines_);
  if (outcome) outcome = Keep(IssuedSvids::Load(database, {}), issued_);
  if (outcome)
    outcome = Keep(RevocationList::Load(database, options_.clock, options_.most_revoked_by_exit),
                   revocations_);
  if (outcome)
    outcome =
        Keep(StoredHistory::Load({database, options_.reader, *lineages_, *quarantines_}), history_);
  if (!outcome) return outcome;
  sanctions_ = std::make_unique<StoredSanctions>(
      StoredSanctions::Parts{database, options_.clock, *issued_, *revocations_, *quarantines_,
                             *lineages_, *scopes_},
      options_.events);
  return {};
}

std::uint64_t State::stored_audit_sequence() const { return issued_->stored_audit_sequence(); }

void State::Restore(std::span<const RecordedTurn> turns) {
  const Moment now = options_.clock.Now();
  sanctions_->Restore(turns, options_.boot_id, now);
  std::vector<RecordedTurn> recent;
  for (const RecordedTurn& turn : turns)
    if (turn.boot_id == options_.boot_id &&
        now.boot - turn.at.boot < VelocityCounts::kIdentityWindow)
      recent.push_back(turn);
  history_->Restore(recent);
}

void State::Ready(Moment now) {
  Sweep(now);
  sanctions_->Settle(now);
  sanctions_->Tick(now);
  history_->Whole();
}

void State::Exited(const ProcessKey& process, Moment now) {
  sanctions_->ProcessExited(process, now);
  history_->Exited(process);
  lineages_->Exited(process);
  scopes_->Forget(process);
}

void State::Tick(Moment now, std::uint64_t audit_sequence) {
  sanctions_->Tick(now);
  issued_->NoteAuditSequence(audit_sequence, now.boot);
  if (now.boot - swept_ >= kSweepEvery) Sweep(now);
}

void State::Sweep(Moment now) {
  swept_ = now.boot;
  clocks_->Note(now);
  std::set<ProcessKey> processes;
  for (const auto& some : {issued_->Processes(), scopes_->Processes(), lineages_->Processes()})
    processes.insert(some.begin(), some.end());
  for (const ProcessKey& process : processes)
    if (HasExited(process)) Exited(process, now);
  issued_->DropExpired(now);
  revocations_->DropExpired(now);
  history_->DropIdle(now.boot);
}

bool State::HasExited(const ProcessKey& process) const {
  const auto opened = options_.opener.OpenByPid(process.pid);
  if (opened) return (*opened)->key() != process || !(*opened)->IsAlive();
  // What cannot be looked at (no descriptors are left) may well live.
  return opened.error().code() == ErrorCode::kPeerGone;
}

std::string State::Degraded() const {
  std::string text;
  for (const std::string& one :
       {database_->Degraded(), revocations_->Degraded(), lineages_->Degraded()})
    if (!one.empty()) text += (text.empty() ? "" : ". ") + one;
  return text;
}

}  // namespace surety
