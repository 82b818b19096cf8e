#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "attestors/namespaces.h"
#include "surety/process.h"
#include "surety/unique_fd.h"

namespace surety {

/// The host that workloads are compared with: PID 1's namespaces and root
/// directory where they can be read, else the daemon's own, each by itself.
/// Constant once it has been seen. What could not be seen is empty, and whoever
/// needs it reports the fact as missing.
struct HostView {
  Namespaces namespaces;
  std::shared_ptr<const UniqueFd> root;  ///< O_PATH; null if it could not be opened.
  /// Whose /proc/PID/mountinfo lists the host's mounts: PID 1, then the daemon.
  std::vector<std::shared_ptr<const ProcessHandle>> mount_owners;
  /// Whether a security module labels processes. None can be loaded later on.
  bool has_labels = true;
  std::uint64_t memfd_device = 0;  ///< The device that memfd files are on; 0: not known.
};

/// Looks once, at start.
HostView SeeHost(ProcessOpener& opener);

}  // namespace surety
