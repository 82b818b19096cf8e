#pragma once

#include "agent/command/flags_reader.h"

namespace surety {

/// Reads what follows "surety quarantine".
Result<CommandLine> ParseQuarantine(Arguments arguments);

/// Reads what follows "surety revoke".
Result<CommandLine> ParseRevoke(Arguments arguments);

}  // namespace surety
