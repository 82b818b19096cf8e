#pragma once

#include <memory>
#include <vector>

#include "attestors/systemd_attestor.h"
#include "attestors/unix_attestor.h"
#include "surety/attestor.h"

namespace surety {

struct AttestorOptions {
  UnixAttestorOptions unix_attestor;
  bool systemd = CanAskSystemd();  ///< Whether there is a systemd attestor.
  SystemdAttestorOptions systemd_attestor;
};

/// All attestors that are built in, in the order in which they are asked. Looks
/// at the host once, through /proc (host_view.h).
std::vector<std::unique_ptr<Attestor>> BuiltinAttestors(const AttestorOptions& options);

}  // namespace surety
