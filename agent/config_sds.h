#pragma once

#include "agent/config.h"
#include "agent/identity/toml_reader.h"

namespace surety {

/// Reads [sds], if it is there. Adds all that is wrong with it.
void ReadSds(TomlTable& top, FileDiagnostics& diagnostics, SdsConfig& out);

}  // namespace surety
