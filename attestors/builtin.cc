#include "attestors/builtin.h"

#include "attestors/cgroup_attestor.h"
#include "attestors/host_view.h"
#include "attestors/linux_process.h"

namespace surety {

std::vector<std::unique_ptr<Attestor>> BuiltinAttestors(const AttestorOptions& options) {
  const auto opener = MakeLinuxProcessOpener();
  std::vector<std::unique_ptr<Attestor>> all;
  all.push_back(std::make_unique<UnixAttestor>(options.unix_attestor, SeeHost(*opener)));
  all.push_back(std::make_unique<CgroupAttestor>());
  if (options.systemd) all.push_back(std::make_unique<SystemdAttestor>(options.systemd_attestor));
  return all;
}

}  // namespace surety
