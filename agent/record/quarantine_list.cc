#include "agent/record/quarantine_list.h"

#include <algorithm>
#include <array>

#include "agent/record/boot_change.h"

namespace surety {
namespace {

Result<void> Check(const QuarantineRequest& order) {
  if (order.lineage.empty() && order.entry_id.empty())
    return Error(ErrorCode::kInvalidArgument, "a quarantine names a lineage, an entry or both");
  if (order.duration && *order.duration <= Seconds::zero())
    return Error(ErrorCode::kInvalidArgument, "a quarantine lasts a second or more");
  return {};
}

}  // namespace

Quarantine QuarantineList::Item::At(Moment now) const {
  Quarantine told = quarantine;
  if (rest) told.until = now.wall + (counted_from + *rest - now.boot);
  return told;
}

Result<std::unique_ptr<QuarantineList>> QuarantineList::Load(StateDatabase& database,
                                                             std::size_t most) {
  std::unique_ptr<QuarantineList> list(new QuarantineList(database, most));
  if (auto read = list->Read(); !read) return read.error().Within("quarantines");
  return list;
}

QuarantineList::~QuarantineList() { database_.Leave(*this); }

Result<void> QuarantineList::Read() {
  return database_.Read([this](SqliteConnection& database) {
    const std::lock_guard lock(mutex_);
    auto read = database.Each(
        "SELECT id, lineage, entry, reason, decision, uid, since, counted_from_boot, rest FROM "
        "quarantines",
        {}, [this](const SqliteRow& row) { ReadRow(row); });
    if (read)
      read = database.Each("SELECT seq FROM sqlite_sequence WHERE name = 'quarantines'", {},
                           [this](const SqliteRow& row) {
                             next_id_ = static_cast<std::uint64_t>(row.Integer(0)) + 1;
                           });
    return read;
  });
}

void QuarantineList::ReadRow(const SqliteRow& row) {
  Item item{.quarantine = {.id = static_cast<std::uint64_t>(row.Integer(0)),
                           .lineage = row.Text(1),
                           .entry_id = row.Text(2),
                           .reason = row.Text(3),
                           .decision = row.Text(4),
                           .since = WallTime(std::chrono::nanoseconds(row.Integer(6))),
                           .until = {}},
            .uid = row.MaybeInteger(5),
            .counted_from = BootTime(BootClock::duration(row.Integer(7))),
            .rest = {}};
  if (const auto rest = row.MaybeInteger(8)) item.rest = BootClock::duration(*rest);
  const std::uint64_t id = item.quarantine.id;
  Insert(std::move(item));
  changed_.Stored(id);
}

void QuarantineList::Insert(Item item) {
  const std::uint64_t id = item.quarantine.id;
  of_lineage_.emplace(item.quarantine.lineage, id);
  changed_.Changed(id);
  items_.insert_or_assign(id, std::move(item));
}

QuarantineList::Items::iterator QuarantineList::Erase(Items::iterator at) {
  const auto [begin, end] = of_lineage_.equal_range(at->second.quarantine.lineage);
  of_lineage_.erase(
      std::find_if(begin, end, [&](const auto& of) { return of.second == at->first; }));
  changed_.Removed(at->first);
  return items_.erase(at);
}

QuarantineList::Item* QuarantineList::Prolongable(const QuarantineRequest& order, BootTime now) {
  if (order.uid) return nullptr;
  const auto [begin, end] = of_lineage_.equal_range(order.lineage);
  for (auto of = begin; of != end; ++of) {
    Item& item = items_.at(of->second);
    if (!item.uid && item.quarantine.entry_id == order.entry_id && !item.Over(now)) return &item;
  }
  return nullptr;
}

bool QuarantineList::MakeRoom() {
  auto first = items_.end();
  for (auto at = items_.begin(); at != items_.end(); ++at) {
    const Item& item = at->second;
    if (item.uid || !item.rest || !MeansOneBootOnly(item.quarantine.lineage)) continue;
    if (first == items_.end() ||
        item.counted_from + *item.rest < first->second.counted_from + *first->second.rest)
      first = at;
  }
  if (first == items_.end()) return false;
  Erase(first);
  return true;
}

QuarantineList::Added QuarantineList::Prolong(Item& item, std::optional<Seconds> duration,
                                              Moment now) {
  bool changed = false;
  if (!duration) {
    changed = item.rest.has_value();
    item.rest.reset();
  } else if (item.rest) {
    const BootClock::duration rest = now.boot + *duration - item.counted_from;
    changed = rest - *item.rest >= *duration / 20;
    if (changed) item.rest = rest;
  }
  if (changed) changed_.Changed(item.quarantine.id);
  return {item.At(now), changed};
}

Result<QuarantineList::Added> QuarantineList::Add(const QuarantineRequest& order, Moment now) {
  if (auto sound = Check(order); !sound) return sound.error();
  const std::lock_guard lock(mutex_);
  if (Item* const there = Prolongable(order, now.boot)) return Prolong(*there, order.duration, now);
  if (items_.size() >= most_ && !MakeRoom())
    return Error(ErrorCode::kResourceExhausted,
                 "there are " + std::to_string(most_) + " quarantines already: release some");
  Item item{.quarantine = {.id = next_id_++,
                           .lineage = order.lineage,
                           .entry_id = order.entry_id,
                           .reason = order.reason,
                           .decision = order.decision,
                           .since = now.wall,
                           .until = {}},
            .uid = {},
            .counted_from = now.boot,
            .rest = order.duration};
  if (order.uid) item.uid = *order.uid;
  Added added{item.At(now), true};
  Insert(std::move(item));
  return added;
}

Result<Quarantine> QuarantineList::Remove(std::uint64_t id, Moment now) {
  const std::lock_guard lock(mutex_);
  const auto at = items_.find(id);
  if (at == items_.end())
    return Error(ErrorCode::kNotFound, "there is no quarantine " + std::to_string(id));
  Quarantine removed = at->second.At(now);
  Erase(at);
  return removed;
}

std::vector<Quarantine> QuarantineList::TakeExpired(Moment now) {
  const std::lock_guard lock(mutex_);
  std::vector<Quarantine> over;
  for (auto at = items_.begin(); at != items_.end();) {
    const bool ends = at->second.Over(now.boot);
    if (ends) over.push_back(at->second.At(now));
    at = ends ? Erase(at) : std::next(at);
  }
  return over;
}

std::vector<Quarantine> QuarantineList::Of(std::span<const std::string_view> lineages,
                                           Moment now) const {
  std::vector<Quarantine> found;
  const std::lock_guard lock(mutex_);
  if (items_.empty()) return found;
  const auto collect = [&](std::string_view lineage) {
    const auto [begin, end] = of_lineage_.equal_range(std::string(lineage));
    for (auto of = begin; of != end; ++of)
      if (const Item& item = items_.at(of->second); !item.Over(now.boot))
        found.push_back(item.At(now));
  };
  collect("");
  for (const std::string_view lineage : lineages) collect(lineage);
  std::sort(found.begin(), found.end(),
            [](const Quarantine& a, const Quarantine& b) { return a.id < b.id; });
  const auto same = [](const Quarantine& a, const Quarantine& b) { return a.id == b.id; };
  found.erase(std::unique(found.begin(), found.end(), same), found.end());
  return found;
}

bool QuarantineList::Covers(std::string_view lineage, std::string_view entry_id,
                            BootTime now) const {
  const std::array lineages{lineage};
  const auto found = Of(lineages, Moment{.boot = now, .wall = {}});
  return std::any_of(found.begin(), found.end(), [&](const Quarantine& one) {
    return one.entry_id.empty() || one.entry_id == entry_id;
  });
}

std::vector<Quarantine> QuarantineList::All(Moment now) const {
  const std::lock_guard lock(mutex_);
  std::vector<Quarantine> all;
  for (const auto& [id, item] : items_)
    if (!item.Over(now.boot)) all.push_back(item.At(now));
  return all;
}

void QuarantineList::StoreSoon() { database_.StoreSoon(*this, std::chrono::milliseconds(20)); }

Result<void> QuarantineList::Write(SqliteConnection& database) {
  std::vector<Item> rows;
  ChangedKeys<std::uint64_t>::Batch batch;
  {
    const std::lock_guard lock(mutex_);
    batch = changed_.Take([this](std::uint64_t id) { return items_.contains(id); });
    for (const std::uint64_t id : batch.present) rows.push_back(items_.at(id));
  }
  for (const Item& item : rows)
    if (auto written = WriteRow(database, item); !written) return written;
  for (const std::uint64_t id : batch.gone)
    if (auto written =
            database.Run("DELETE FROM quarantines WHERE id = ?1", {static_cast<std::int64_t>(id)});
        !written)
      return written;
  return {};
}

Result<void> QuarantineList::WriteRow(SqliteConnection& database, const Item& item) {
  const Quarantine& one = item.quarantine;
  const auto rest = item.rest ? std::optional<std::int64_t>(item.rest->count()) : std::nullopt;
  return database.Run(
      "INSERT OR REPLACE INTO quarantines VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
      {static_cast<std::int64_t>(one.id), one.lineage, one.entry_id, one.reason, one.decision,
       OrNull(item.uid), one.since.time_since_epoch().count(),
       item.counted_from.time_since_epoch().count(), OrNull(rest)});
}

void QuarantineList::Settled(bool committed) {
  const std::lock_guard lock(mutex_);
  changed_.Settle(committed);
}

}  // namespace surety
