#include "agent/daemon_attestors.h"

#include <utility>

namespace surety {

AttestorOptions AttestorOptionsOf(const Config& config,
                                  std::shared_ptr<const TracerMemory> tracers) {
  AttestorOptions options;
  options.unix_attestor.tracers = std::move(tracers);
  options.unix_attestor.hash.max_bytes = config.unix_attestor.sha256_max_size;
  options.unix_attestor.hash.per_file = config.unix_attestor.sha256_timeout;
  const SystemdAttestorConfig& systemd = config.systemd_attestor;
  options.systemd = systemd.enabled.value_or(CanAskSystemd(systemd.bus));
  options.systemd_attestor.bus = systemd.bus;
  options.systemd_attestor.timeout = systemd.timeout;
  return options;
}

}  // namespace surety
