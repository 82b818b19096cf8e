#include "agent/record/sqlite_statement.h"

#include <sqlite3.h>

namespace surety {
namespace {

ErrorCode CodeOf(int result) {
  switch (result & 0xff) {
    case SQLITE_FULL: return ErrorCode::kResourceExhausted;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_IOERR: return ErrorCode::kUnavailable;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB: return ErrorCode::kDataLoss;
    case SQLITE_PERM:
    case SQLITE_READONLY:
    case SQLITE_CANTOPEN: return ErrorCode::kPermissionDenied;
    default: return ErrorCode::kInternal;
  }
}

int Bind(sqlite3_stmt* statement, int index, const SqliteValue& value) {
  if (const auto* number = std::get_if<std::int64_t>(&value))
    return sqlite3_bind_int64(statement, index, *number);
  if (const auto* text = std::get_if<std::string_view>(&value))
    // An empty view may have no address, which SQLite would take for NULL.
    return sqlite3_bind_text64(statement, index, text->empty() ? "" : text->data(), text->size(),
                               SQLITE_STATIC, SQLITE_UTF8);
  return sqlite3_bind_null(statement, index);
}

}  // namespace

SqliteValue OrNull(std::optional<std::int64_t> number) {
  return number ? SqliteValue(*number) : SqliteValue();
}

Error SqliteError(sqlite3* connection, std::string_view doing) {
  return {CodeOf(sqlite3_extended_errcode(connection)),
          std::string(doing) + ": " + sqlite3_errmsg(connection)};
}

std::int64_t SqliteRow::Integer(int column) const {
  return sqlite3_column_int64(statement_, column);
}

std::string SqliteRow::Text(int column) const {
  const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(statement_, column));
  if (text == nullptr) return {};
  return {text, static_cast<std::size_t>(sqlite3_column_bytes(statement_, column))};
}

std::optional<std::int64_t> SqliteRow::MaybeInteger(int column) const {
  if (sqlite3_column_type(statement_, column) == SQLITE_NULL) return std::nullopt;
  return Integer(column);
}

void SqliteStatement::Finalize::operator()(sqlite3_stmt* statement) const {
  sqlite3_finalize(statement);
}

Result<SqliteStatement> SqliteStatement::Prepare(sqlite3* connection, std::string_view sql) {
  sqlite3_stmt* made = nullptr;
  if (sqlite3_prepare_v3(connection, sql.data(), static_cast<int>(sql.size()),
                         SQLITE_PREPARE_PERSISTENT, &made, nullptr) != SQLITE_OK)
    return SqliteError(connection, sql);
  return SqliteStatement(made);
}

Result<void> SqliteStatement::Start(std::initializer_list<SqliteValue> values) {
  int index = 0;
  for (const SqliteValue& value : values)
    if (Bind(statement_.get(), ++index, value) != SQLITE_OK)
      return SqliteError(sqlite3_db_handle(statement_.get()), sqlite3_sql(statement_.get()));
  return {};
}

Result<std::optional<SqliteRow>> SqliteStatement::Next() {
  switch (sqlite3_step(statement_.get())) {
    case SQLITE_ROW: return std::optional(SqliteRow(statement_.get()));
    case SQLITE_DONE: return std::optional<SqliteRow>();
    default: return SqliteError(sqlite3_db_handle(statement_.get()), sqlite3_sql(statement_.get()));
  }
}

void SqliteStatement::End() {
  // Reset repeats the error of the last step, which was told then.
  sqlite3_reset(statement_.get());
  sqlite3_clear_bindings(statement_.get());
}

}  // namespace surety
