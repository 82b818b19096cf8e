#include "agent/daemon_attestors.h"

#include <unistd.h>

#include <optional>
#include <string>

namespace surety {
namespace {

std::optional<ContainerAttestorOptions> OptionsOf(const std::optional<EngineConfig>& config) {
  if (!config) return std::nullopt;
  ContainerAttestorOptions options;
  for (const auto& socket : config->sockets) options.sockets.push_back({socket.path, socket.uid});
  options.env = config->env;
  options.lookup.request.timeout = config->timeout;
  options.lookup.max_age = config->max_age;
  return options;
}

std::optional<EngineConfig> UsualEngine(std::string_view socket) {
  const std::string path(socket);
  if (::access(path.c_str(), F_OK) != 0) return std::nullopt;
  return EngineConfig{.sockets = {{path, 0}}};
}

}  // namespace

AttestorOptions AttestorOptionsOf(const Config& config) {
  AttestorOptions options;
  options.unix_attestor.hash.max_bytes = config.unix_attestor.sha256_max_size;
  options.unix_attestor.hash.per_file = config.unix_attestor.sha256_timeout;
  const SystemdAttestorConfig& systemd = config.systemd_attestor;
  options.systemd = systemd.enabled.value_or(CanAskSystemd(systemd.bus));
  options.systemd_attestor.bus = systemd.bus;
  options.systemd_attestor.timeout = systemd.timeout;
  options.docker = OptionsOf(config.docker);
  options.podman = OptionsOf(config.podman);
  options.k8s = OptionsOf(config.k8s);
  return options;
}

AttestorOptions UsualAttestorOptions() {
  AttestorOptions options;
  options.docker = OptionsOf(UsualEngine(kDockerSocket));
  options.podman = OptionsOf(UsualEngine(kPodmanSocket));
  options.k8s = OptionsOf(UsualEngine(kContainerdSocket));
  return options;
}

}  // namespace surety
