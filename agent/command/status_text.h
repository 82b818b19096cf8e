#pragma once

#include <ostream>

#include "surety/admin_client.h"
#include "surety/clock.h"

namespace surety {

/// For people. What works only in part comes right after the first lines.
void PrintStatusText(const DaemonStatus& status, WallTime now, std::ostream& out);

}  // namespace surety
