#pragma once

#include "agent/command/flags_reader.h"

namespace surety {

/// Reads what follows "surety sink".
Result<CommandLine> ParseSink(Arguments arguments);

}  // namespace surety
