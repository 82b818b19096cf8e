#pragma once

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "surety/result.h"

struct sqlite3;
struct sqlite3_stmt;

namespace surety {

/// A value for a placeholder of a statement. Texts are borrowed until it has run.
using SqliteValue = std::variant<std::monostate, std::int64_t, std::string_view>;

/// NULL where there is nothing.
SqliteValue OrNull(std::optional<std::int64_t> number);

/// What SQLite's last complaint on `connection` means to a caller:
/// kResourceExhausted: the disk is full. kUnavailable: another program holds the
/// file, or reading or writing failed. kDataLoss: the file is damaged or no
/// database. kPermissionDenied: not ours to open or to write. Else kInternal.
Error SqliteError(sqlite3* connection, std::string_view doing);

/// One row of an answer; valid until the next.
class SqliteRow {
 public:
  explicit SqliteRow(sqlite3_stmt* statement) : statement_(statement) {}
  [[nodiscard]] std::int64_t Integer(int column) const;
  [[nodiscard]] std::string Text(int column) const;
  [[nodiscard]] std::optional<std::int64_t> MaybeInteger(int column) const;

 private:
  sqlite3_stmt* statement_;
};

/// A prepared statement. Not thread-safe; its connection outlives it.
class SqliteStatement {
 public:
  static Result<SqliteStatement> Prepare(sqlite3* connection, std::string_view sql);

  /// Begins a run: puts `values` into ?1, ?2, … and forgets those of the last run.
  Result<void> Start(std::initializer_list<SqliteValue> values);
  /// The next row, valid until the next call; nothing after the last one.
  Result<std::optional<SqliteRow>> Next();
  /// Ends a run, so that nothing is locked or borrowed any more.
  void End();

 private:
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const;
  };
  explicit SqliteStatement(sqlite3_stmt* statement) : statement_(statement) {}
  std::unique_ptr<sqlite3_stmt, Finalize> statement_;
};

}  // namespace surety
