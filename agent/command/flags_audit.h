#pragma once

#include "agent/command/flags_reader.h"

namespace surety {

/// Reads what follows "surety audit".
Result<CommandLine> ParseAudit(Arguments arguments);

}  // namespace surety
