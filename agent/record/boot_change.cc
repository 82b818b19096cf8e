#include "agent/record/boot_change.h"

#include <algorithm>
#include <optional>

namespace surety {
namespace {

struct LastSeen {
  std::string boot_id;
  std::int64_t boot = 0;  // Nanoseconds, as all times here.
  std::int64_t wall = 0;
};

Result<std::optional<LastSeen>> ReadLastSeen(SqliteConnection& database) {
  LastSeen last;
  auto read =
      database.Each("SELECT name, value FROM meta WHERE name IN ('boot_id', 'boot', 'wall')", {},
                    [&](const SqliteRow& row) {
                      const std::string name = row.Text(0);
                      if (name == "boot_id") last.boot_id = row.Text(1);
                      if (name == "boot") last.boot = row.Integer(1);
                      if (name == "wall") last.wall = row.Integer(1);
                    });
  if (!read) return read.error();
  if (last.boot_id.empty()) return std::optional<LastSeen>();
  return std::optional(last);
}

Result<void> DropQuarantines(SqliteConnection& database, std::vector<std::string>& notes) {
  auto read = database.Each(
      "SELECT id, lineage, reason FROM quarantines WHERE lineage GLOB 'login:*' OR lineage GLOB "
      "'process:*' ORDER BY id",
      {}, [&](const SqliteRow& row) {
        notes.push_back("the machine was started anew: quarantine " + row.Text(0) + " of " +
                        row.Text(1) + " (" + row.Text(2) + ") is dropped, since that is gone");
      });
  if (!read) return read;
  return database.Run(
      "DELETE FROM quarantines WHERE lineage GLOB 'login:*' OR lineage GLOB 'process:*'");
}

Result<void> CountOn(SqliteConnection& database, const LastSeen& last, Moment now) {
  const std::int64_t boot = now.boot.time_since_epoch().count();
  // A wall clock that was set back, or an empty battery, must not prolong anything.
  const std::int64_t off =
      std::max<std::int64_t>(0, now.wall.time_since_epoch().count() - last.wall);
  auto outcome = database.Run(
      "UPDATE quarantines SET rest = max(0, rest - max(0, ?1 - counted_from_boot) - ?2), "
      "counted_from_boot = ?3",
      {last.boot, off, boot});
  if (outcome)
    outcome =
        database.Run("UPDATE revocations SET kept_until_boot = ?2 + max(0, kept_until_boot - ?1)",
                     {last.boot, boot});
  if (outcome)
    outcome = database.Run(
        "UPDATE issued_svids SET kept_until_boot = ?2 + max(0, kept_until_boot - ?1), pid = 0, "
        "start_ticks = 0, lineage = iif(lineage GLOB 'login:*' OR lineage GLOB 'process:*', '', "
        "lineage)",
        {last.boot, boot});
  return outcome;
}

Result<void> LeaveBoot(SqliteConnection& database, const LastSeen& last, Moment now,
                       std::vector<std::string>& notes) {
  for (const char* drop :
       {"DELETE FROM pins", "DELETE FROM lineages", "DELETE FROM velocity_of_lineage",
        "DELETE FROM velocity_of_process", "DELETE FROM risk"})
    if (auto dropped = database.Run(drop); !dropped) return dropped;
  if (auto dropped = DropQuarantines(database, notes); !dropped) return dropped;
  return CountOn(database, last, now);
}

Result<void> Enter(SqliteConnection& database, const std::string& boot_id, Moment now,
                   std::vector<std::string>& notes) {
  const auto last = ReadLastSeen(database);
  if (!last) return last.error();
  if (*last && (*last)->boot_id != boot_id)
    if (auto left = LeaveBoot(database, **last, now, notes); !left) return left;
  if (auto noted = database.Run("INSERT OR REPLACE INTO meta VALUES ('boot_id', ?1)", {boot_id});
      !noted)
    return noted;
  return NoteClocks(database, now);
}

}  // namespace

bool MeansOneBootOnly(std::string_view lineage) {
  return lineage.starts_with("login:") || lineage.starts_with("process:");
}

Result<void> NoteClocks(SqliteConnection& database, Moment now) {
  return database.Run("INSERT OR REPLACE INTO meta VALUES ('boot', ?1), ('wall', ?2)",
                      {now.boot.time_since_epoch().count(), now.wall.time_since_epoch().count()});
}

Result<std::vector<std::string>> EnterBoot(SqliteConnection& database, const std::string& boot_id,
                                           Moment now) {
  std::vector<std::string> notes;
  Result<void> outcome = database.Begin();
  if (outcome) outcome = Enter(database, boot_id, now, notes);
  if (outcome) outcome = database.Commit();
  if (outcome) return notes;
  database.Rollback();
  return outcome.error();
}

}  // namespace surety
