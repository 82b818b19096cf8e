#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <initializer_list>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "agent/record/sqlite_statement.h"
#include "surety/result.h"

namespace surety {

/// What a transaction that was committed has survived.
enum class Durability {
  kProcess,  ///< The death of the daemon: it is with the kernel.
  kPower,    ///< That of the machine: it is on the disk (fsync(2)).
};

/// One connection to a database, its statements prepared once each.
/// Not thread-safe. Errors are those of SqliteError.
class SqliteConnection {
 public:
  /// Opens a file that exists. Another program's lock is waited for at most
  /// `busy`. kDataLoss if it is no database.
  static Result<SqliteConnection> Open(const std::string& path, std::chrono::milliseconds busy);

  /// Runs one statement that answers nothing. `sql` is a literal: it is kept.
  Result<void> Run(std::string_view sql, std::initializer_list<SqliteValue> values = {});
  /// Calls `row` for each row of the answer.
  Result<void> Each(std::string_view sql, std::initializer_list<SqliteValue> values,
                    const std::function<void(const SqliteRow&)>& row);
  /// Runs any number of statements that are needed once.
  Result<void> Script(const std::string& sql);

  /// The number of rows that the last statement changed.
  [[nodiscard]] std::int64_t changes() const;

  /// What the following transactions survive. Not within one.
  Result<void> Survive(Durability durability);
  Result<void> Begin();
  Result<void> Commit();
  /// Undoes what was written since Begin; nothing where SQLite already has.
  void Rollback();

  /// Pages in the write-ahead log after the last commit (4 KiB each).
  [[nodiscard]] int wal_pages() const { return *wal_pages_; }
  /// Moves the write-ahead log into the database as far as others' reads allow;
  /// with `whole`, waits for them as for a lock and makes the log start anew.
  Result<void> Checkpoint(bool whole);

 private:
  struct Close {
    void operator()(sqlite3* connection) const;
  };
  SqliteConnection() = default;
  Result<void> SetUp(std::chrono::milliseconds busy);
  Result<SqliteStatement*> Prepared(std::string_view sql);

  std::unique_ptr<sqlite3, Close> connection_;
  std::map<std::string, SqliteStatement, std::less<>> prepared_;  // Goes before connection_.
  std::unique_ptr<std::atomic<int>> wal_pages_ = std::make_unique<std::atomic<int>>(0);
  Durability durability_ = Durability::kPower;
};

}  // namespace surety
