#pragma once

#include "agent/config.h"
#include "agent/config_reader.h"
#include "agent/identity/toml_reader.h"

namespace surety {

/// Reads [attestors.systemd], if it is there. Adds all that is wrong with it.
void ReadSystemdAttestor(TomlTable& attestors, ConfigReader& read, FileDiagnostics& diagnostics,
                         SystemdAttestorConfig& out);

}  // namespace surety
