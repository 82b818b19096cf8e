#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "surety/attestor.h"

namespace surety {

/// Where a process stands in the control groups (cgroups(7)). Selectors of type
/// "cgroup":
///
///   path:/system.slice/web.service
///       in the cgroup v2 tree, as the daemon's cgroup namespace sees it. Always
///       begins with '/'.
///   path:<controllers>:/docker/ID
///       in a cgroup v1 tree, where the host still has them: path:memory:/jobs,
///       path:cpu,cpuacct:/jobs, path:name=systemd:/jobs. Not made for "/", where
///       everything starts. Controllers never begin with '/' and hold no ':', so
///       that no v1 path can be taken for the v2 path, whatever it is called.
///   id:<number>
///       of the v2 cgroup, never given again while the machine is up: unlike a
///       path, it tells a cgroup from a later one of the same name. Kernel 6.13.
///
/// A path is as good as the rights on the cgroup tree: who may write below one
/// cgroup can make any name there, but nothing outside of it. Match whole paths.
/// A name that ends in " (deleted)" is the cgroup's real name: no living process
/// is in a deleted one. Text that is not printable is escaped (printable.h).
class CgroupAttestor final : public Attestor {
 public:
  [[nodiscard]] std::string_view name() const override { return "cgroup"; }
  [[nodiscard]] std::vector<std::string> selector_kinds() const override {
    return {"cgroup:path", "cgroup:id"};
  }
  Result<Attestation> Attest(const Peer& peer, BootTime deadline) const override;
};

}  // namespace surety
