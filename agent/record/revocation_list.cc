#include "agent/record/revocation_list.h"

#include <utility>

namespace surety {
namespace {

constexpr std::chrono::milliseconds kStoreWithin{20};

WallTime Wall(std::int64_t nanoseconds) { return WallTime(std::chrono::nanoseconds(nanoseconds)); }

}  // namespace

Result<std::unique_ptr<RevocationList>> RevocationList::Load(StateDatabase& database,
                                                             const Clock& clock,
                                                             std::size_t most_by_exit) {
  std::unique_ptr<RevocationList> list(new RevocationList(database, clock, most_by_exit));
  if (auto read = list->Read(); !read) return read.error().Within("revocations");
  return list;
}

RevocationList::~RevocationList() { database_.Leave(*this); }

Result<void> RevocationList::Read() {
  return database_.Read([this](SqliteConnection& database) {
    const std::lock_guard lock(mutex_);
    return database.Each(
        "SELECT issuer, serial, revoked_at, reason, not_after, kept_until_boot, by_exit FROM "
        "revocations",
        {}, [this](const SqliteRow& row) { ReadRow(row); });
  });
}

void RevocationList::ReadRow(const SqliteRow& row) {
  const SvidKey key{row.Text(1), row.Text(0)};
  const WallTime not_after = Wall(row.Integer(4));
  changed_.Stored(key);
  Insert({.revocation = {.serial = key.serial,
                         .issuer_key_id = key.issuer_key_id,
                         .revoked_at = Wall(row.Integer(2)),
                         .reason = static_cast<RevocationReason>(row.Integer(3)),
                         .not_after = not_after},
          .keeping = {not_after, BootTime(BootClock::duration(row.Integer(5)))},
          .by = row.Integer(6) != 0 ? RevokedBy::kExit : RevokedBy::kDecision});
  if (listed_.contains(key)) changed_.Stored(key);
}

void RevocationList::Insert(Listed listed) {
  SvidKey key{listed.revocation.serial, listed.revocation.issuer_key_id};
  if (listed.by == RevokedBy::kExit) by_exit_.emplace(listed.revocation.not_after, key);
  changed_.Changed(key);
  listed_.insert_or_assign(std::move(key), std::move(listed));
  if (by_exit_.size() <= most_by_exit_) return;
  Remove(listed_.find(by_exit_.begin()->second));
  ++left_out_;
}

RevocationList::List::iterator RevocationList::Remove(List::iterator at) {
  by_exit_.erase({at->second.revocation.not_after, at->first});
  changed_.Removed(at->first);
  return listed_.erase(at);
}

std::vector<Revocation> RevocationList::Revoked(WallTime now) const {
  const Moment moment{.boot = clock_.Now().boot, .wall = now};
  const std::lock_guard lock(mutex_);
  std::vector<Revocation> revoked;
  revoked.reserve(listed_.size());
  for (const auto& [key, listed] : listed_)
    if (!listed.keeping.Over(moment)) revoked.push_back(listed.revocation);
  return revoked;
}

std::uint64_t RevocationList::revision() const {
  const std::lock_guard lock(mutex_);
  return revision_;
}

std::vector<Revocation> RevocationList::Add(std::span<const IssuedSvid> svids,
                                            RevocationReason reason, RevokedBy by, Moment now) {
  std::vector<Revocation> added;
  const std::lock_guard lock(mutex_);
  for (const IssuedSvid& svid : svids) {
    if (listed_.contains({svid.serial, svid.issuer_key_id})) continue;
    added.push_back({.serial = svid.serial,
                     .issuer_key_id = svid.issuer_key_id,
                     .revoked_at = now.wall,
                     .reason = reason,
                     .not_after = svid.not_after});
    Insert({added.back(), Keeping::Of(svid.not_before, svid.not_after, now), by});
  }
  if (!added.empty()) ++revision_;
  return added;
}

bool RevocationList::Lists(const SvidKey& key) const {
  const std::lock_guard lock(mutex_);
  return listed_.contains(key);
}

bool RevocationList::Unstored() const {
  const std::lock_guard lock(mutex_);
  return !changed_.empty();
}

void RevocationList::StoreSoon() { database_.StoreSoon(*this, kStoreWithin); }

void RevocationList::Tell() {
  {
    const std::lock_guard lock(mutex_);
    if (told_revision_ == revision_) return;
    told_revision_ = revision_;
  }
  if (grown_) grown_();
}

void RevocationList::DropExpired(Moment now) {
  const std::lock_guard lock(mutex_);
  bool dropped = false;
  for (auto at = listed_.begin(); at != listed_.end();) {
    const bool over = at->second.keeping.Over(now);
    dropped = dropped || over;
    at = over ? Remove(at) : std::next(at);
  }
  if (by_exit_.size() < most_by_exit_ / 2) left_out_ = 0;
  if (dropped) database_.StoreSoon(*this, std::chrono::seconds(1));
}

std::string RevocationList::Degraded() const {
  const std::lock_guard lock(mutex_);
  if (left_out_ == 0) return {};
  return std::to_string(left_out_) + " SVIDs of processes that have exited are not on the CRL, " +
         "which holds " + std::to_string(most_by_exit_) + " of them at most: shorten x509_ttl";
}

Result<void> RevocationList::Write(SqliteConnection& database) {
  std::vector<Listed> rows;
  ChangedKeys<SvidKey>::Batch batch;
  {
    const std::lock_guard lock(mutex_);
    batch = changed_.Take([this](const SvidKey& key) { return listed_.contains(key); });
    for (const SvidKey& key : batch.present) rows.push_back(listed_.at(key));
  }
  for (const Listed& listed : rows)
    if (auto written = WriteRow(database, listed); !written) return written;
  for (const SvidKey& key : batch.gone)
    if (auto written = database.Run("DELETE FROM revocations WHERE issuer = ?1 AND serial = ?2",
                                    {key.issuer_key_id, key.serial});
        !written)
      return written;
  return {};
}

Result<void> RevocationList::WriteRow(SqliteConnection& database, const Listed& listed) {
  const Revocation& revocation = listed.revocation;
  return database.Run("INSERT OR REPLACE INTO revocations VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
                      {revocation.issuer_key_id, revocation.serial,
                       revocation.revoked_at.time_since_epoch().count(),
                       static_cast<std::int64_t>(revocation.reason),
                       revocation.not_after.time_since_epoch().count(),
                       listed.keeping.at_least_until.time_since_epoch().count(),
                       listed.by == RevokedBy::kExit ? 1 : 0});
}

void RevocationList::Settled(bool committed) {
  const std::lock_guard lock(mutex_);
  changed_.Settle(committed);
}

}  // namespace surety
