#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "surety/result.h"

namespace surety {

/// A whole tree of control groups that is mounted somewhere.
struct CgroupMount {
  std::string mount_point;
  bool unified = false;              ///< Version 2.
  std::vector<std::string> options;  ///< Of version 1: controllers, "name=systemd", and others.
  bool operator==(const CgroupMount&) const = default;

  /// Whether the line "N:CONTROLLERS:/path" of /proc/PID/cgroup is of this tree. A
  /// controller, like a name, is in one tree only.
  [[nodiscard]] bool Has(std::string_view controllers) const;
};

/// The cgroup file systems in /proc/PID/mountinfo (proc(5)) whose root is the root
/// of their tree. kInvalidArgument where the table is not one. Pure.
Result<std::vector<CgroupMount>> ParseCgroupMounts(std::string_view mountinfo);

}  // namespace surety
