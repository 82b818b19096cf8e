#include "agent/record/state_schema.h"

#include <array>
#include <optional>

namespace surety {
namespace {

// "Srty": says that the file is ours (PRAGMA application_id).
constexpr std::int64_t kApplication = 0x53727479;

// Version n is made by the first n of these. Never changed once released: what
// is to be different is a further one. docs/state.md describes the tables.
constexpr std::array kVersions = {
    R"(
CREATE TABLE meta (name TEXT PRIMARY KEY, value ANY) STRICT, WITHOUT ROWID;

-- Of this boot only. A row number is start_ticks * 2^22 + pid: one tree instead of two.
CREATE TABLE pins (process INTEGER PRIMARY KEY, pid INTEGER NOT NULL,
  start_ticks INTEGER NOT NULL, jumped INTEGER NOT NULL, scope TEXT NOT NULL) STRICT;
CREATE TABLE lineages (process INTEGER PRIMARY KEY, pid INTEGER NOT NULL,
  start_ticks INTEGER NOT NULL, lineage TEXT NOT NULL, kind INTEGER NOT NULL,
  holder INTEGER NOT NULL, ancestors TEXT NOT NULL) STRICT;
CREATE TABLE velocity_of_lineage (subject TEXT PRIMARY KEY, counts TEXT NOT NULL) STRICT;
CREATE TABLE velocity_of_process (subject TEXT PRIMARY KEY, counts TEXT NOT NULL) STRICT;
CREATE TABLE risk (subject TEXT PRIMARY KEY, counts TEXT NOT NULL) STRICT;

-- Times are nanoseconds: of the wall clock since 1970, of CLOCK_BOOTTIME in *_boot.
CREATE TABLE issued_svids (issuer TEXT NOT NULL, serial TEXT NOT NULL, pid INTEGER NOT NULL,
  start_ticks INTEGER NOT NULL, lineage TEXT NOT NULL, entry TEXT NOT NULL,
  spiffe_id TEXT NOT NULL, not_before INTEGER NOT NULL, not_after INTEGER NOT NULL,
  kept_until_boot INTEGER NOT NULL, revoke_on_exit INTEGER NOT NULL,
  PRIMARY KEY (issuer, serial)) STRICT;
CREATE TABLE revocations (issuer TEXT NOT NULL, serial TEXT NOT NULL, revoked_at INTEGER NOT NULL,
  reason INTEGER NOT NULL, not_after INTEGER NOT NULL, kept_until_boot INTEGER NOT NULL,
  by_exit INTEGER NOT NULL, PRIMARY KEY (issuer, serial)) STRICT;
CREATE TABLE quarantines (id INTEGER PRIMARY KEY AUTOINCREMENT, lineage TEXT NOT NULL,
  entry TEXT NOT NULL, reason TEXT NOT NULL, decision TEXT NOT NULL, uid INTEGER,
  since INTEGER NOT NULL, counted_from_boot INTEGER NOT NULL, rest INTEGER) STRICT;
CREATE TABLE crl_numbers (issuer TEXT PRIMARY KEY, number INTEGER NOT NULL) STRICT;
)",
};

Result<std::int64_t> Number(SqliteConnection& database, std::string_view sql) {
  std::int64_t number = 0;
  auto read = database.Each(sql, {}, [&](const SqliteRow& row) { number = row.Integer(0); });
  return read ? Result<std::int64_t>(number) : Result<std::int64_t>(read.error());
}

Result<void> CheckApplication(SqliteConnection& database) {
  const auto application = Number(database, "PRAGMA application_id");
  if (!application) return application.error();
  const auto tables = Number(database, "SELECT count(*) FROM sqlite_schema");
  if (!tables) return tables.error();
  if (*application != kApplication && *tables != 0)
    return Error(ErrorCode::kInvalidArgument,
                 "it was made by another program: move it away, or name another state_dir");
  return {};
}

Result<void> MigrateFrom(SqliteConnection& database, std::size_t version) {
  for (std::size_t next = version; next < kVersions.size(); ++next)
    if (auto made = database.Script(kVersions[next]); !made) return made;
  return database.Script("PRAGMA application_id = " + std::to_string(kApplication) +
                         "; PRAGMA user_version = " + std::to_string(kVersions.size()));
}

}  // namespace

Result<void> Migrate(SqliteConnection& database) {
  if (auto ours = CheckApplication(database); !ours) return ours;
  if (auto wal = database.Script("PRAGMA journal_mode = WAL"); !wal) return wal;
  const auto version = Number(database, "PRAGMA user_version");
  if (!version) return version.error();
  const auto known = static_cast<std::int64_t>(kVersions.size());
  if (*version == known) return {};
  if (*version < 0 || *version > known)
    return Error(ErrorCode::kInvalidArgument,
                 "it has version " + std::to_string(*version) + ", and this suretyd knows up to " +
                     std::to_string(known) + ": install the newer suretyd again");
  Result<void> outcome = database.Begin();
  if (outcome) outcome = MigrateFrom(database, static_cast<std::size_t>(*version));
  if (outcome) outcome = database.Commit();
  if (!outcome) database.Rollback();
  return outcome;
}

Result<void> CheckIntegrity(SqliteConnection& database) {
  std::string found;
  auto checked = database.Each("PRAGMA quick_check(3)", {}, [&](const SqliteRow& row) {
    found += (found.empty() ? "" : "; ") + row.Text(0);
  });
  if (!checked) return checked;
  if (found != "ok") return Error(ErrorCode::kDataLoss, found);
  return {};
}

}  // namespace surety
