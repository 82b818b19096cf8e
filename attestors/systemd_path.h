#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <string_view>

namespace surety {

/// A unit as the path of a cgroup names it. The name proves nothing by itself: it
/// counts only where root alone can have made it (CgroupTrees) and systemd knows it.
struct UnitCgroup {
  std::string_view path;  ///< The cgroup's path down to the unit.
  std::string name;       ///< "web.service".
  bool operator==(const UnitCgroup&) const = default;
};

/// The unit that systemd would find in the path of a cgroup: the first part that is
/// no slice, since units do not nest. Of a container that runs a systemd of its own
/// it is the host's unit. nullopt if that part does not have the name of a service,
/// scope, socket, mount or swap (systemd.unit(5)), or if there is none. Pure; the
/// path points into `path`.
std::optional<UnitCgroup> FindUnitCgroup(std::string_view path);

/// A unit of a user's own manager (user@.service(5)).
struct UserUnit {
  uid_t uid = 0;  ///< Whose manager it is.
  std::string name;
  bool operator==(const UserUnit&) const = default;
};

/// What the path of a cgroup below "user@UID.service" names as a unit of the manager
/// that runs there: whatever UID likes, for the cgroups there are his. nullopt for
/// other paths, and for the manager itself. Pure.
std::optional<UserUnit> FindUserUnit(std::string_view path);

}  // namespace surety
