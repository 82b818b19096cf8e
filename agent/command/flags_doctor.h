#pragma once

#include "agent/command/flags_reader.h"

namespace surety {

/// Reads what follows "surety doctor".
Result<CommandLine> ParseDoctor(Arguments arguments);

}  // namespace surety
