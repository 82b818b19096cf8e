#pragma once

#include "agent/command/flags_reader.h"

namespace surety {

/// Reads what follows "surety policy".
Result<CommandLine> ParsePolicy(Arguments arguments);

}  // namespace surety
