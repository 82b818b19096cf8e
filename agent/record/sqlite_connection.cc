#include "agent/record/sqlite_connection.h"

#include <sqlite3.h>

namespace surety {

void SqliteConnection::Close::operator()(sqlite3* connection) const {
  sqlite3_close_v2(connection);
}

Result<SqliteConnection> SqliteConnection::Open(const std::string& path,
                                                std::chrono::milliseconds busy) {
  sqlite3* opened = nullptr;
  const int result =
      sqlite3_open_v2(path.c_str(), &opened,
                      SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, nullptr);
  SqliteConnection connection;
  connection.connection_.reset(opened);
  if (result != SQLITE_OK) return SqliteError(opened, "opening " + path);
  if (auto ready = connection.SetUp(busy); !ready) return ready.error().Within("opening " + path);
  return connection;
}

Result<void> SqliteConnection::SetUp(std::chrono::milliseconds busy) {
  sqlite3* const raw = connection_.get();
  sqlite3_busy_timeout(raw, static_cast<int>(busy.count()));
  sqlite3_db_config(raw, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  // Checkpoints are the background's work: one within a commit would delay a turn.
  sqlite3_wal_hook(
      raw,
      [](void* pages, sqlite3*, const char*, int count) {
        static_cast<std::atomic<int>*>(pages)->store(count);
        return SQLITE_OK;
      },
      wal_pages_.get());
  return Script(
      "PRAGMA trusted_schema = OFF;"
      "PRAGMA cell_size_check = ON;"
      "PRAGMA temp_store = MEMORY;"
      "PRAGMA journal_size_limit = 16777216;"
      "PRAGMA synchronous = FULL;");
}

Result<SqliteStatement*> SqliteConnection::Prepared(std::string_view sql) {
  if (const auto found = prepared_.find(sql); found != prepared_.end()) return &found->second;
  auto made = SqliteStatement::Prepare(connection_.get(), sql);
  if (!made) return made.error();
  return &prepared_.emplace(sql, std::move(*made)).first->second;
}

Result<void> SqliteConnection::Run(std::string_view sql,
                                   std::initializer_list<SqliteValue> values) {
  return Each(sql, values, [](const SqliteRow&) {});
}

Result<void> SqliteConnection::Each(std::string_view sql, std::initializer_list<SqliteValue> values,
                                    const std::function<void(const SqliteRow&)>& row) {
  auto prepared = Prepared(sql);
  if (!prepared) return prepared.error();
  SqliteStatement& statement = **prepared;
  Result<void> outcome = statement.Start(values);
  while (outcome) {
    auto next = statement.Next();
    if (!next) outcome = next.error();
    if (!next || !*next) break;
    row(**next);
  }
  statement.End();
  return outcome;
}

Result<void> SqliteConnection::Script(const std::string& sql) {
  if (sqlite3_exec(connection_.get(), sql.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK)
    return SqliteError(connection_.get(), sql);
  return {};
}

std::int64_t SqliteConnection::changes() const { return sqlite3_changes64(connection_.get()); }

Result<void> SqliteConnection::Survive(Durability durability) {
  if (durability == durability_) return {};
  auto set = Script(durability == Durability::kPower ? "PRAGMA synchronous = FULL"
                                                     : "PRAGMA synchronous = NORMAL");
  if (set) durability_ = durability;
  return set;
}

Result<void> SqliteConnection::Begin() { return Run("BEGIN IMMEDIATE"); }

Result<void> SqliteConnection::Commit() { return Run("COMMIT"); }

void SqliteConnection::Rollback() {
  if (sqlite3_get_autocommit(connection_.get()) == 0) static_cast<void>(Run("ROLLBACK"));
}

Result<void> SqliteConnection::Checkpoint(bool whole) {
  const int mode = whole ? SQLITE_CHECKPOINT_TRUNCATE : SQLITE_CHECKPOINT_PASSIVE;
  if (sqlite3_wal_checkpoint_v2(connection_.get(), nullptr, mode, nullptr, nullptr) != SQLITE_OK)
    return SqliteError(connection_.get(), "checkpoint");
  if (whole) wal_pages_->store(0);
  return {};
}

}  // namespace surety
