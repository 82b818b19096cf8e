#pragma once

#include <sys/types.h>

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "attestors/cgroup_trees.h"
#include "attestors/container_cgroup.h"
#include "attestors/proc_text.h"
#include "surety/process.h"
#include "surety/result.h"

namespace surety {

/// The container that the cgroups of a process name. A claim of whoever made the
/// name, until the engine of that same user confirms it.
struct ContainerReference {
  std::string id;  ///< 64 lower-case hex digits.
  ContainerEngine engine = ContainerEngine::kAny;
  std::string controllers;  ///< Of the tree that it stands in; empty: version 2.
  std::string cgroup;       ///< The path in it, down to the part that names the container.
  std::string pod_uid;      ///< Of the Kubernetes pod in the path; empty if none is named.
  uid_t maker = 0;          ///< 0: root alone can have made the name. Else: this user, or root.
  bool operator==(const ContainerReference&) const = default;
};

/// CgroupTrees::MadeBy.
using CgroupMakersOf = std::function<Result<CgroupMakers>(const CgroupLine&)>;

/// Looks at the tree of version 2 first, then at named ones, then at those of
/// controllers, since an old engine may use nothing else. What root made anywhere
/// goes before what a user made; of one path the innermost name counts. nullopt: in
/// no container that can be told by cgroups. That is also what is found of a rootless
/// container on cgroup version 1, which has no cgroup, and of one that was started
/// without: whoever needs to know looks at the process's user namespace.
///
/// kNotFound: cannot be known from here, since the daemon is in a cgroup
/// namespace of its own and the process outside of it. Else the errors of `makers`.
/// Pure otherwise.
Result<std::optional<ContainerReference>> FindContainerReference(
    const std::vector<CgroupLine>& lines, const CgroupMakersOf& makers);

/// The same of a process as it is now. kPeerGone if it has exited; kUnavailable and
/// others: could not look. 5 us where there is no container.
Result<std::optional<ContainerReference>> ReadContainerReference(const ProcessHandle& process,
                                                                 const CgroupMakersOf& makers);

}  // namespace surety
