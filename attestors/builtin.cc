#include "attestors/builtin.h"

#include "attestors/cgroup_attestor.h"
#include "attestors/host_view.h"
#include "attestors/linux_process.h"

namespace surety {

std::vector<std::unique_ptr<Attestor>> BuiltinAttestors(const AttestorOptions& options) {
  const std::shared_ptr<ProcessOpener> opener = MakeLinuxProcessOpener();
  const HostView host = SeeHost(*opener);
  std::vector<std::unique_ptr<Attestor>> all;
  all.push_back(std::make_unique<UnixAttestor>(options.unix_attestor, host));
  all.push_back(std::make_unique<CgroupAttestor>());
  if (options.systemd) all.push_back(std::make_unique<SystemdAttestor>(options.systemd_attestor));
  const auto add = [&](const EngineDialect& dialect, const auto& engine) {
    if (!engine) return;
    const auto trees = std::make_shared<const CgroupTrees>(CgroupTrees::OfHost());
    all.push_back(std::make_unique<ContainerAttestor>(
        dialect, *engine, host, opener,
        [trees](const CgroupLine& line) { return trees->MadeBy(line); }));
  };
  add(DockerDialect(), options.docker);
  add(PodmanDialect(), options.podman);
  add(CriDialect(), options.k8s);
  return all;
}

}  // namespace surety
