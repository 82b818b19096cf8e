#pragma once

#include <ostream>
#include <string>

#include "agent/command/flags.h"
#include "surety/clock.h"
#include "surety/result.h"

namespace surety {

/// `surety audit why`: tells the story of a process from the log in `folder`.
/// Errors as of CollectStory.
Result<void> ExplainAudit(const AuditWhyFlags& flags, const std::string& folder, const Clock& clock,
                          std::ostream& out);

}  // namespace surety
