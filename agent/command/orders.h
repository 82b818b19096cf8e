#pragma once

#include <ostream>

#include "agent/command/flags.h"
#include "surety/admin_client.h"
#include "surety/clock.h"
#include "surety/result.h"

namespace surety {

// What operators order of a running daemon. Each prints to `out` what became of
// the order and nothing on an error, which is the client's.

/// `surety quarantine list`.
Result<void> ListQuarantines(const QuarantineListFlags& flags, AdminClient& client,
                             const Clock& clock, std::ostream& out);
/// `surety quarantine add`.
Result<void> AddQuarantine(const QuarantineAddFlags& flags, AdminClient& client, const Clock& clock,
                           std::ostream& out);
/// `surety quarantine release`.
Result<void> ReleaseQuarantine(const QuarantineReleaseFlags& flags, AdminClient& client,
                               std::ostream& out);
/// `surety revoke`.
Result<void> RevokeSvids(const RevokeFlags& flags, AdminClient& client, std::ostream& out);

}  // namespace surety
