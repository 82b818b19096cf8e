#pragma once

#include "agent/command/flags_reader.h"

namespace surety {

/// Reads what follows "surety bundle".
Result<CommandLine> ParseBundle(Arguments arguments);

}  // namespace surety
