#pragma once

#include <ostream>
#include <stop_token>
#include <string>

#include "agent/command/flags.h"
#include "surety/admin_client.h"
#include "surety/clock.h"
#include "surety/result.h"

namespace surety {

/// `surety top`: draws every second what the daemon and its audit log in `folder` say,
/// until "q" is pressed or `stop` is requested. With --once, or where there is no
/// terminal, prints it a single time without control characters; an Error then is that of
/// a daemon that does not answer.
Result<void> Top(const TopFlags& flags, AdminClient& client, const std::string& folder,
                 const Clock& clock, const std::stop_token& stop, std::ostream& out);

}  // namespace surety
