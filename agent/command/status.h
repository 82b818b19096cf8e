#pragma once

#include <ostream>

#include "agent/command/flags.h"
#include "surety/admin_client.h"
#include "surety/clock.h"
#include "surety/result.h"

namespace surety {

/// `surety status`: asks the daemon how it is doing and prints that to `out`.
/// Prints nothing on an error, which is the client's.
Result<void> ShowStatus(const StatusFlags& flags, AdminClient& client, const Clock& clock,
                        std::ostream& out);

}  // namespace surety
