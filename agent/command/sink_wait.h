#pragma once

#include <optional>
#include <ostream>
#include <string>

#include "agent/command/flags.h"
#include "agent/command/waiter.h"
#include "surety/clock.h"
#include "surety/result.h"

namespace surety {

/// Why a service could not start with the files of a sink; nullopt if it can: they are
/// there, this process may read them, and the certificate is valid (of PKCS#12 that is not
/// looked at).
std::optional<std::string> WhyNotReady(const std::string& folder, WallTime now);

/// `surety sink wait`: returns once the files of a sink are there. kDeadline says what
/// they lack.
Result<void> WaitForSink(const SinkWaitFlags& flags, const Clock& clock, Waiter& waiter,
                         std::ostream& out);

}  // namespace surety
