#pragma once

#include <string>

#include "agent/record/sqlite_connection.h"

namespace surety {

/// Brings the tables of a database to what this program knows, one version after
/// another, in one transaction. A new file gets all of them. kInvalidArgument: a
/// newer program made the file, or another one altogether.
Result<void> Migrate(SqliteConnection& database);

/// Looks through the whole file for damage (PRAGMA quick_check). kDataLoss with
/// what was found.
Result<void> CheckIntegrity(SqliteConnection& database);

}  // namespace surety
