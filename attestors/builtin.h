#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "attestors/container_attestor.h"
#include "attestors/systemd_attestor.h"
#include "attestors/unix_attestor.h"
#include "surety/attestor.h"

namespace surety {

struct AttestorOptions {
  UnixAttestorOptions unix_attestor;
  bool systemd = CanAskSystemd();  ///< Whether there is a systemd attestor.
  SystemdAttestorOptions systemd_attestor;
  std::optional<ContainerAttestorOptions> docker{};  ///< Absent: it is not asked.
  std::optional<ContainerAttestorOptions> podman{};
  std::optional<ContainerAttestorOptions> k8s{};
};

/// All attestors that are built in and switched on, in the order in which they are asked. Looks
/// at the host once, through /proc (host_view.h).
std::vector<std::unique_ptr<Attestor>> BuiltinAttestors(const AttestorOptions& options);

}  // namespace surety
