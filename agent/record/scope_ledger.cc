#include "agent/record/scope_ledger.h"

#include "agent/record/scope_text.h"
#include "agent/record/subject_text.h"

namespace surety {
namespace {

constexpr std::chrono::milliseconds kForgetWithin{1000};

std::int64_t Ticks(const ProcessKey& process) {
  return static_cast<std::int64_t>(process.start_ticks);
}

}  // namespace

/// One pin on its way into the database.
class StoredScopeLedger::Row final : public Change {
 public:
  Row(const ProcessKey& process, const Scope& scope)
      : process_(process), text_(WriteScope(scope)) {}
  Result<void> Write(SqliteConnection& database) override {
    return database.Run("INSERT OR REPLACE INTO pins VALUES (?1, ?2, ?3, 0, ?4)",
                        {RowOf(process_), process_.pid, Ticks(process_), text_});
  }

 private:
  const ProcessKey process_;
  const std::string text_;
};

Result<std::unique_ptr<StoredScopeLedger>> StoredScopeLedger::Load(StateDatabase& database,
                                                                   std::size_t most) {
  std::unique_ptr<StoredScopeLedger> ledger(new StoredScopeLedger(database, most));
  if (auto read = ledger->Read(); !read) return read.error().Within("pinned scopes");
  return ledger;
}

StoredScopeLedger::~StoredScopeLedger() { database_.Leave(*this); }

Result<void> StoredScopeLedger::Read() {
  Result<void> parsed;
  auto read = database_.Read([&](SqliteConnection& database) {
    return database.Each(
        "SELECT pid, start_ticks, jumped, scope FROM pins", {}, [&](const SqliteRow& row) {
          auto scope = ReadScope(row.Text(3));
          if (!scope) {
            parsed = scope.error();
            return;
          }
          const ProcessKey process{static_cast<pid_t>(row.Integer(0)),
                                   static_cast<std::uint64_t>(row.Integer(1))};
          pins_.insert_or_assign(process, Pinned{std::make_shared<const Scope>(std::move(*scope)),
                                                 row.Integer(2) != 0});
          changed_.Stored(process);
        });
  });
  return read ? parsed : read;
}

std::shared_ptr<const Scope> StoredScopeLedger::Find(const ProcessKey& process) const {
  const std::lock_guard lock(mutex_);
  const auto found = pins_.find(process);
  return found == pins_.end() ? nullptr : found->second.scope;
}

Result<bool> StoredScopeLedger::Pin(const Peer& peer, const Scope& scope) {
  const ProcessKey process = peer.process->key();
  {
    std::unique_lock lock(mutex_);
    settled_.wait(lock, [&] { return !storing_.contains(process); });
    if (const auto found = pins_.find(process); found != pins_.end())
      return *found->second.scope == scope;
    if (pins_.size() + storing_.size() >= most_)
      return Error(ErrorCode::kResourceExhausted,
                   std::to_string(most_) + " processes have an identity, and no more may");
    storing_.insert(process);
    changed_.Ignore(process);
  }
  Row row(process, scope);
  const auto stored = database_.Commit(row, Durability::kProcess);
  {
    const std::lock_guard lock(mutex_);
    storing_.erase(process);
    if (stored) {
      pins_.try_emplace(process, Pinned{std::make_shared<const Scope>(scope)});
      changed_.Stored(process);
    } else {
      changed_.Removed(process);  // A row that it was to replace may be there.
    }
  }
  settled_.notify_all();
  if (stored) return true;
  database_.StoreSoon(*this, kForgetWithin);
  return stored.error().Within("the scope could not be pinned");
}

void StoredScopeLedger::Forget(const ProcessKey& process) {
  {
    const std::lock_guard lock(mutex_);
    if (pins_.erase(process) == 0) return;
    changed_.Removed(process);
  }
  database_.StoreSoon(*this, kForgetWithin);
}

bool StoredScopeLedger::MarkJumped(const ProcessKey& process) {
  const std::lock_guard lock(mutex_);
  const auto found = pins_.find(process);
  if (found == pins_.end() || found->second.jumped) return false;
  found->second.jumped = true;
  changed_.Changed(process);
  return true;
}

void StoredScopeLedger::Reopen(std::span<const ProcessKey> processes) {
  const std::lock_guard lock(mutex_);
  for (const ProcessKey& process : processes) {
    const auto found = pins_.find(process);
    if (found == pins_.end() || found->second.jumped) continue;
    pins_.erase(found);
    changed_.Removed(process);
  }
}

std::vector<ProcessKey> StoredScopeLedger::Processes() const {
  const std::lock_guard lock(mutex_);
  std::vector<ProcessKey> processes;
  processes.reserve(pins_.size());
  for (const auto& [process, pinned] : pins_) processes.push_back(process);
  return processes;
}

Result<void> StoredScopeLedger::Write(SqliteConnection& database) {
  ChangedKeys<ProcessKey>::Batch batch;
  {
    const std::lock_guard lock(mutex_);
    batch = changed_.Take([this](const ProcessKey& process) { return pins_.contains(process); });
  }
  Result<void> written;
  for (const ProcessKey& process : batch.present)
    if (written)
      written = database.Run("UPDATE pins SET jumped = 1 WHERE process = ?1", {RowOf(process)});
  for (const ProcessKey& process : batch.gone)
    if (written) written = database.Run("DELETE FROM pins WHERE process = ?1", {RowOf(process)});
  return written;
}

void StoredScopeLedger::Settled(bool committed) {
  const std::lock_guard lock(mutex_);
  changed_.Settle(committed);
}

}  // namespace surety
