#pragma once

#include "agent/command/flags_reader.h"

namespace surety {

/// What follows "surety fetch jwt".
Result<CommandLine> ParseFetchJwt(Arguments arguments);
/// What follows "surety fetch wit".
Result<CommandLine> ParseFetchWit(Arguments arguments);
/// What follows "surety validate".
Result<CommandLine> ParseValidate(Arguments arguments);

}  // namespace surety
