#include "agent/record/issued_svids.h"

#include <algorithm>
#include <set>
#include <utility>

namespace surety {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kStoreWithin{250};
constexpr std::size_t kMostInOneTransaction = 500;
constexpr Seconds kTurnIsOver{10};

WallTime Wall(std::int64_t nanoseconds) { return WallTime(std::chrono::nanoseconds(nanoseconds)); }

}  // namespace

Result<std::unique_ptr<IssuedSvids>> IssuedSvids::Load(StateDatabase& database, Limits limits) {
  std::unique_ptr<IssuedSvids> issued(new IssuedSvids(database, limits));
  if (auto read = issued->Read(); !read) return read.error().Within("issued serials");
  return issued;
}

IssuedSvids::~IssuedSvids() { database_.Leave(*this); }

Result<void> IssuedSvids::Read() {
  return database_.Read([this](SqliteConnection& database) {
    const std::lock_guard lock(mutex_);
    auto read = database.Each(
        "SELECT issuer, serial, pid, start_ticks, lineage, entry, spiffe_id, not_before, "
        "not_after, kept_until_boot, revoke_on_exit FROM issued_svids AS issued WHERE NOT EXISTS "
        "(SELECT 1 FROM revocations AS revoked WHERE revoked.issuer = issued.issuer AND "
        "revoked.serial = issued.serial)",
        {}, [this](const SqliteRow& row) { ReadRow(row); });
    if (read)
      read = database.Each("SELECT value FROM meta WHERE name = 'audit_sequence'", {},
                           [this](const SqliteRow& row) {
                             stored_sequence_ = static_cast<std::uint64_t>(row.Integer(0));
                           });
    settled_sequence_ = stored_sequence_;
    return read;
  });
}

void IssuedSvids::ReadRow(const SqliteRow& row) {
  Insert(
      {.svid = {.spiffe_id = row.Text(6),
                .entry_id = row.Text(5),
                .serial = row.Text(1),
                .issuer_key_id = row.Text(0),
                .not_before = Wall(row.Integer(7)),
                .not_after = Wall(row.Integer(8)),
                .revoke_on_exit = row.Integer(10) != 0},
       .process = {static_cast<pid_t>(row.Integer(2)), static_cast<std::uint64_t>(row.Integer(3))},
       .lineage = row.Text(4),
       .keeping = {Wall(row.Integer(8)), BootTime(BootClock::duration(row.Integer(9)))}});
  changed_.Stored({row.Text(1), row.Text(0)});
}

void IssuedSvids::Insert(Held held) {
  SvidKey key{held.svid.serial, held.svid.issuer_key_id};
  const ProcessKey process = held.process;
  const auto [at, is_new] = svids_.try_emplace(std::move(key), std::move(held));
  if (!is_new) return;
  of_process_[process].insert(&at->first);
  changed_.Changed(at->first);
}

IssuedSvids::Held IssuedSvids::Remove(Svids::iterator at) {
  // The row stays until it has expired: it must not go before the revocation is stored.
  Held held = std::move(at->second);
  changed_.Drop(at->first);
  const auto own = of_process_.find(held.process);
  own->second.erase(&at->first);
  if (own->second.empty()) of_process_.erase(own);
  svids_.erase(at);
  return held;
}

std::vector<IssuedSvid> IssuedSvids::TakeOf(const ProcessKey& process, const Which& which) {
  std::vector<IssuedSvid> taken;
  const auto own = of_process_.find(process);
  if (own == of_process_.end()) return taken;
  const std::vector<const SvidKey*> keys(own->second.begin(), own->second.end());
  for (const SvidKey* key : keys)
    if (const auto at = svids_.find(*key); which(at->second)) taken.push_back(Remove(at).svid);
  return taken;
}

std::vector<IssuedSvid> IssuedSvids::TakeAll(const Which& which) {
  std::vector<IssuedSvid> taken;
  for (auto at = svids_.begin(); at != svids_.end();) {
    const auto next = std::next(at);
    if (which(at->second)) taken.push_back(Remove(at).svid);
    at = next;
  }
  return taken;
}

void IssuedSvids::StoreSoon() { database_.StoreSoon(*this, kStoreWithin); }

IssuedSvid IssuedSvids::RemoveOldest(const ProcessKey& process) {
  const auto& own = of_process_.at(process);
  const auto oldest =
      std::min_element(own.begin(), own.end(), [this](const SvidKey* left, const SvidKey* right) {
        return svids_.at(*left).keeping.at_least_until < svids_.at(*right).keeping.at_least_until;
      });
  return Remove(svids_.find(**oldest)).svid;
}

std::vector<IssuedSvid> IssuedSvids::Add(const ProcessKey& process, const std::string& lineage,
                                         std::span<const IssuedSvid> svids, Moment now) {
  std::vector<IssuedSvid> no_room;
  {
    const std::lock_guard lock(mutex_);
    for (const IssuedSvid& svid : svids) {
      Insert({.svid = svid,
              .process = process,
              .lineage = lineage,
              .keeping = Keeping::Of(svid.not_before, svid.not_after, now)});
      if (svids_.size() <= limits_.of_all && of_process_[process].size() <= limits_.of_process)
        continue;
      no_room.push_back(RemoveOldest(process));
    }
  }
  StoreSoon();
  return no_room;
}

std::vector<IssuedSvid> IssuedSvids::TakeProcess(const ProcessKey& process,
                                                 std::string_view entry_id) {
  const std::lock_guard lock(mutex_);
  return TakeOf(process, [&](const Held& held) {
    return entry_id.empty() || held.svid.entry_id == entry_id;
  });
}

std::vector<IssuedSvid> IssuedSvids::TakeOthers(const ProcessKey& process,
                                                std::span<const std::string> entry_ids) {
  const std::lock_guard lock(mutex_);
  return TakeOf(process, [&](const Held& held) {
    return std::ranges::find(entry_ids, held.svid.entry_id) == entry_ids.end();
  });
}

std::vector<IssuedSvid> IssuedSvids::TakeSpiffeId(std::string_view spiffe_id) {
  const std::lock_guard lock(mutex_);
  return TakeAll([&](const Held& held) { return held.svid.spiffe_id == spiffe_id; });
}

std::vector<IssuedSvid> IssuedSvids::TakeCovered(std::string_view lineage,
                                                 std::string_view entry_id) {
  const std::lock_guard lock(mutex_);
  return TakeAll([&](const Held& held) {
    return (lineage.empty() || held.lineage == lineage) &&
           (entry_id.empty() || held.svid.entry_id == entry_id);
  });
}

std::vector<IssuedSvid> IssuedSvids::TakeBeginningAfter(WallTime time) {
  const std::lock_guard lock(mutex_);
  return TakeAll([&](const Held& held) { return held.svid.not_before > time; });
}

std::vector<IssuedSvid> IssuedSvids::TakeSerial(const std::string& serial) {
  const std::lock_guard lock(mutex_);
  std::vector<IssuedSvid> taken;
  for (auto at = svids_.lower_bound({serial, ""});
       at != svids_.end() && at->first.serial == serial;) {
    const auto next = std::next(at);
    taken.push_back(Remove(at).svid);
    at = next;
  }
  return taken;
}

std::vector<IssuedSvid> IssuedSvids::Exited(const ProcessKey& process) {
  const std::lock_guard lock(mutex_);
  auto taken = TakeOf(process, [](const Held& held) { return held.svid.revoke_on_exit; });
  const auto own = of_process_.find(process);
  if (process != kGone && own != of_process_.end()) {
    for (const SvidKey* key : own->second) {
      svids_.at(*key).process = kGone;
      of_process_[kGone].insert(key);
      changed_.Changed(*key);
    }
    of_process_.erase(process);
    StoreSoon();
  }
  return taken;
}

bool IssuedSvids::Holds(const SvidKey& key) const {
  const std::lock_guard lock(mutex_);
  return svids_.contains(key);
}

std::vector<ProcessKey> IssuedSvids::Processes() const {
  const std::lock_guard lock(mutex_);
  std::vector<ProcessKey> processes;
  for (const auto& [process, keys] : of_process_)
    if (process != kGone) processes.push_back(process);
  return processes;
}

std::vector<ProcessKey> IssuedSvids::ProcessesWith(std::string_view entry_id) const {
  const std::lock_guard lock(mutex_);
  std::set<ProcessKey> processes;
  for (const auto& [key, held] : svids_)
    if (held.svid.entry_id == entry_id && held.process != kGone) processes.insert(held.process);
  return {processes.begin(), processes.end()};
}

void IssuedSvids::DropExpired(Moment now) {
  const std::lock_guard lock(mutex_);
  static_cast<void>(TakeAll([&](const Held& held) { return held.keeping.Over(now); }));
  expired_by_ = now;
  StoreSoon();
}

void IssuedSvids::NoteAuditSequence(std::uint64_t sequence, BootTime now) {
  const std::lock_guard lock(mutex_);
  if (noted_.empty() || sequence > noted_.back().second) noted_.emplace_back(now, sequence);
  const std::uint64_t before = settled_sequence_;
  for (; !noted_.empty() && now - noted_.front().first >= kTurnIsOver; noted_.pop_front())
    settled_sequence_ = std::max(settled_sequence_, noted_.front().second);
  if (settled_sequence_ != before) StoreSoon();
}

std::uint64_t IssuedSvids::stored_audit_sequence() const {
  const std::lock_guard lock(mutex_);
  return stored_sequence_;
}

Result<void> IssuedSvids::Write(SqliteConnection& database) {
  std::vector<Held> held;
  std::optional<Moment> expired_by;
  {
    const std::lock_guard lock(mutex_);
    const auto exists = [this](const SvidKey& key) { return svids_.contains(key); };
    for (const SvidKey& key : changed_.Take(exists, kMostInOneTransaction).present)
      held.push_back(svids_.at(key));
    // What is left to be written may be older than the sequence number.
    writing_sequence_ = changed_.empty() ? settled_sequence_ : stored_sequence_;
    expired_by = std::exchange(expired_by_, std::nullopt);
  }
  for (const Held& one : held)
    if (auto written = WriteRow(database, one); !written) return written;
  if (expired_by)
    if (auto dropped =
            database.Run("DELETE FROM issued_svids WHERE not_after < ?1 AND kept_until_boot < ?2",
                         {expired_by->wall.time_since_epoch().count(),
                          expired_by->boot.time_since_epoch().count()});
        !dropped)
      return dropped;
  return database.Run("INSERT OR REPLACE INTO meta VALUES ('audit_sequence', ?1)",
                      {static_cast<std::int64_t>(writing_sequence_)});
}

Result<void> IssuedSvids::WriteRow(SqliteConnection& database, const Held& held) {
  const IssuedSvid& svid = held.svid;
  return database.Run(
      "INSERT OR REPLACE INTO issued_svids VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
      {svid.issuer_key_id, svid.serial, held.process.pid,
       static_cast<std::int64_t>(held.process.start_ticks), held.lineage, svid.entry_id,
       svid.spiffe_id, svid.not_before.time_since_epoch().count(),
       svid.not_after.time_since_epoch().count(),
       held.keeping.at_least_until.time_since_epoch().count(), svid.revoke_on_exit ? 1 : 0});
}

void IssuedSvids::Settled(bool committed) {
  const std::lock_guard lock(mutex_);
  changed_.Settle(committed);
  if (committed) stored_sequence_ = std::max(stored_sequence_, writing_sequence_);
  if (!changed_.empty()) database_.StoreSoon(*this, milliseconds(0));
}

}  // namespace surety
