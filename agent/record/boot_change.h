#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "agent/record/sqlite_connection.h"
#include "surety/clock.h"

namespace surety {

/// What must not be mistaken for this boot's: "login:…" and "process:…" name
/// something else after every start of the machine.
bool MeansOneBootOnly(std::string_view lineage);

/// Tells the database under which boot of the machine (boot_id of random(4)) it
/// is used from now on. If that is another than before, in one transaction:
/// - pins, lineages, velocity and risk are dropped, since their processes are gone;
/// - serials that processes of that boot hold belong to no process any more;
/// - quarantines of logins and processes are dropped;
/// - other times of CLOCK_BOOTTIME are counted on from now: what a quarantine has
///   left, less the time for which the machine was off, as its wall clock says.
/// Returns what an operator should know of that, a sentence each.
Result<std::vector<std::string>> EnterBoot(SqliteConnection& database, const std::string& boot_id,
                                           Moment now);

/// Notes both clocks, so that EnterBoot can tell how long the machine was off.
/// Within a transaction of the caller's.
Result<void> NoteClocks(SqliteConnection& database, Moment now);

}  // namespace surety
