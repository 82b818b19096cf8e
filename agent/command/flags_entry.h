#pragma once

#include "agent/command/flags_reader.h"

namespace surety {

/// Reads what follows "surety entry".
Result<CommandLine> ParseEntry(Arguments arguments);

}  // namespace surety
