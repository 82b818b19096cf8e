#include "attestors/host_view.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "attestors/file_identity.h"

namespace surety {
namespace {

std::shared_ptr<const UniqueFd> OpenRoot(const ProcessHandle& process) {
  const std::string path = "/proc/" + std::to_string(process.key().pid) + "/root";
  UniqueFd root(::open(path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  return root ? std::make_shared<const UniqueFd>(std::move(root)) : nullptr;
}

bool HasLabel(const ProcessHandle& process) {
  constexpr std::size_t kMaxLabel = 4096;
  const auto label = process.ReadFile("attr/current", kMaxLabel);
  return label || label.error().code() != ErrorCode::kNotFound;
}

std::uint64_t MemfdDevice() {
  const UniqueFd file(::memfd_create("surety", MFD_CLOEXEC));
  if (!file) return 0;
  const auto facts = LookAtFile(file.get(), MountIdKind::kListed);
  return facts ? facts->identity.device : 0;
}

}  // namespace

HostView SeeHost(ProcessOpener& opener) {
  HostView host;
  host.memfd_device = MemfdDevice();
  for (const pid_t pid : {pid_t{1}, ::getpid()}) {
    const auto process = opener.OpenByPid(pid);
    if (!process) continue;
    host.mount_owners.push_back(*process);
    if (!host.root) host.root = OpenRoot(**process);
    if (pid == ::getpid()) host.has_labels = HasLabel(**process);
    const auto look = ReadNamespaces(**process);
    if (!look) continue;
    for (std::size_t i = 0; i < kNamespaceNames.size(); ++i) {
      const auto kind = static_cast<NamespaceKind>(i);
      const auto inode = look->namespaces.Get(kind);
      if (inode && !host.namespaces.Get(kind)) host.namespaces.Set(kind, *inode);
    }
  }
  return host;
}

}  // namespace surety
