#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "attestors/proc_text.h"
#include "surety/lineage.h"
#include "surety/result.h"

namespace surety {

/// The path down to the innermost systemd service or scope in it, or nothing.
/// Pure.
std::string_view FindUnit(std::string_view path);

/// The group that a process's cgroups make it part of.
struct CgroupOwner {
  std::string id;  ///< Lineage::id, printable (printable.h).
  LineageKind kind = LineageKind::kCgroup;
  bool operator==(const CgroupOwner&) const = default;
};

/// CgroupTrees::RootMade.
using RootMadePart = std::function<Result<std::string_view>(const CgroupLine&)>;

/// Looks in the part of each path that is root's, in this order:
///   - a container, in the unified tree, then in named ones (systemd's on a host
///     with both versions), then in those of controllers, since an old engine
///     may use nothing else;
///   - a systemd unit, in the unified tree, then in named ones;
///   - any other cgroup below the root one, there. Trees of version 1's controllers
///     do not count for these two: such a group shares a limit and nothing else.
/// nullopt if the cgroups make it part of nothing. So a user who was given a part
/// of a tree is one lineage there, whatever he makes in it: all of user 1000's
/// manager is "unit:/user.slice/user-1000.slice/user@1000.service".
/// Errors: those of `root_made`. Pure otherwise.
Result<std::optional<CgroupOwner>> FindCgroupOwner(const std::vector<CgroupLine>& lines,
                                                   const RootMadePart& root_made);

}  // namespace surety
