#pragma once

#include "agent/command/flags_reader.h"

namespace surety {

/// Reads what follows "surety top".
Result<CommandLine> ParseTop(Arguments arguments);

}  // namespace surety
