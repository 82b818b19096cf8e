#pragma once

#include <ostream>
#include <string>

#include "agent/command/flags.h"
#include "surety/result.h"

namespace surety {

/// `surety audit verify`: reads the log in `folder` and prints what is wrong with
/// it and what it has. kDataLoss if anything is wrong; kInvalidArgument if the
/// files that the flags name cannot be used; else as VerifyAudit.
Result<void> CheckAuditLog(const AuditVerifyFlags& flags, const std::string& folder,
                           std::ostream& out);

}  // namespace surety
