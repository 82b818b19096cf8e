#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "surety/result.h"

namespace surety {

/// Whose way of naming cgroups a name follows. What an engine does not say by its
/// name, such as the bare id below a pod's cgroup, is kAny.
enum class ContainerEngine { kAny, kDocker, kPodman, kContainerd, kCrio };

/// A container as its cgroup names it. A name proves nothing by itself: it counts
/// only where root alone can have made it (CgroupTrees), and an attestor has the
/// engine confirm that the process is in that container.
struct ContainerCgroup {
  std::string_view path;  ///< The cgroup's path down to the part that names the container.
  std::string_view id;    ///< 64 lower-case hex digits; of kContainerd's own client, any name.
  ContainerEngine engine = ContainerEngine::kAny;
  std::string_view space{};  ///< Of PlainContainerdCgroup: containerd's namespace.
  bool operator==(const ContainerCgroup&) const = default;
};

/// The innermost container in the path of a cgroup, as /proc/PID/cgroup has it
/// (either version), or nullopt. Known are
///
///   /docker/ID                               Docker; below any --cgroup-parent
///   …/docker-ID.scope                        the same, made by systemd
///   /libpod_parent/libpod-ID                 Podman as root
///   …/libpod-ID.scope[/container]            the same, made by systemd
///   …/NAME.service/libpod-payload-ID         the same, of a unit that runs a container
///   /kubepods/[QOS/]podUID/ID                CRI engines
///   /kubepods…/crio-ID, …/crio-ID.scope      CRI-O
///   …/cri-containerd-ID.scope                containerd's CRI service
///   …SLICE:cri-containerd:ID                 the same, set up for systemd without it
///   …/nerdctl-ID.scope                       containerd
///   /k8s.io/ID                               containerd's CRI service without a parent
///
/// where ID is 64 lower-case hex digits. Monitors (conmon) are not in the
/// container and are not taken for it. nullopt for "/", which is also what a
/// process reads about itself in a cgroup namespace of its own, and for a path
/// that leads out of the daemon's cgroup namespace ("/../.."): not knowable from
/// here; so are rootless containers on cgroup v1, which have no cgroup. Pure; the
/// parts point into `path`.
std::optional<ContainerCgroup> FindContainerCgroup(std::string_view path);

/// "/NAMESPACE/NAME" as ctr(8), containerd's own client, makes it. Any cgroup of
/// two parts looks like that, so only containerd can say whether it is one. Pure.
std::optional<ContainerCgroup> PlainContainerdCgroup(std::string_view path);

/// The UID of the Kubernetes pod in the path, with '-' where systemd has '_';
/// nullopt if it names none. Pure.
std::optional<std::string> FindPodUid(std::string_view path);

}  // namespace surety
