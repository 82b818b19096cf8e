#pragma once

#include <ostream>

#include "surety/admin_client.h"

namespace surety {

/// For programs: the field names are part of the tool's interface. Times are
/// RFC 3339, or null where the daemon gave none.
void PrintStatusJson(const DaemonStatus& status, std::ostream& out);

}  // namespace surety
