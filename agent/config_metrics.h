#pragma once

#include "agent/config.h"
#include "agent/config_reader.h"
#include "agent/identity/toml_reader.h"

namespace surety {

/// Reads [metrics], after the sections whose sockets it is compared with.
void ReadMetrics(TomlTable& top, ConfigReader& read, FileDiagnostics& diagnostics, Config& out);

}  // namespace surety
