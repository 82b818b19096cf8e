#pragma once

#include <memory>

#include "agent/config.h"
#include "attestors/builtin.h"

namespace surety {

/// The attestors that a configuration switches on, and how.
AttestorOptions AttestorOptionsOf(const Config& config);

/// Those of a host of which no configuration is known: of the container engines the
/// ones whose usual sockets are there.
AttestorOptions UsualAttestorOptions();

}  // namespace surety
