#pragma once

#include <ostream>
#include <string>

#include "agent/command/flags.h"
#include "agent/command/waiter.h"
#include "surety/clock.h"
#include "surety/result.h"

namespace surety {

/// `surety audit tail`: prints records of the log in `folder` that fit the flags,
/// one a line; with --follow until `waiter` is told to stop. Damaged lines are
/// not shown, and said at the end. Errors as of AuditReplay.
Result<void> TailAudit(const AuditTailFlags& flags, const std::string& folder, const Clock& clock,
                       Waiter& waiter, std::ostream& out);

}  // namespace surety
