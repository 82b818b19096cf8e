#pragma once

#include <memory>

#include "agent/config.h"
#include "attestors/builtin.h"

namespace surety {

/// What the built-in attestors are made of under this configuration. `tracers` may be
/// null where nobody listens to events.
AttestorOptions AttestorOptionsOf(const Config& config,
                                  std::shared_ptr<const TracerMemory> tracers);

}  // namespace surety
