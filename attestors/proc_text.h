#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "surety/result.h"

/// Parsers of what the kernel prints under /proc/PID (proc(5)). All are pure and
/// take the whole file. A workload chooses some of the bytes (its name, its
/// cgroup's name), so each says how these cannot be taken for another field.
/// Errors: kInvalidArgument, naming the file and the field.
namespace surety {

/// Field 22 of /proc/PID/stat: clock ticks since boot. The process's name, field
/// 2, may hold anything, ')' and newlines too; the fields after it hold no ')',
/// so it ends at the last one.
Result<std::uint64_t> ParseStartTicks(std::string_view stat);

/// Where a process stands among others: fields of /proc/PID/stat, the name found
/// as above.
struct ProcessStat {
  std::string_view name;          ///< Field 2, without its parentheses; chosen by the process.
  pid_t parent = 0;               ///< Field 4; 0 outside of the reader's pid namespace.
  pid_t session = 0;              ///< Field 6: the pid of the session's leader, alive or not.
  std::uint64_t start_ticks = 0;  ///< Field 22.
  bool exiting = false;           ///< Field 9 has PF_EXITING (linux/sched.h): see IsExiting().
  bool operator==(const ProcessStat&) const = default;
};
/// The name points into `stat`.
Result<ProcessStat> ParseStat(std::string_view stat);

/// The audit session in /proc/PID/sessionid; nullopt if there is none (4294967295).
Result<std::optional<std::uint32_t>> ParseSessionId(std::string_view text);

/// The part of /proc/PID/status that attestors use. Ids are as the user
/// namespace of the daemon sees them. The process's name stands in the first
/// line, its newlines escaped by the kernel.
struct ProcessStatus {
  uid_t uid = 0;                    ///< Effective.
  gid_t gid = 0;                    ///< Effective.
  std::vector<gid_t> groups;        ///< Supplementary, in the kernel's order.
  std::uint64_t cap_effective = 0;  ///< One bit per capability (capabilities(7)).
  pid_t tracer = 0;                 ///< The tracing thread's id; 0 when not traced.
  bool no_new_privs = false;
  uid_t real_uid = 0;
  bool operator==(const ProcessStatus&) const = default;
};
/// A line that is missing or stands there twice is an error.
Result<ProcessStatus> ParseStatus(std::string_view status);

/// One line of /proc/PID/cgroup (cgroups(7)): "5:cpu,cpuacct:/web".
struct CgroupLine {
  std::uint32_t hierarchy = 0;   ///< 0 for cgroup v2.
  std::string_view controllers;  ///< Empty for v2. A named one reads "name=systemd".
  std::string_view path;         ///< Begins with '/'. May hold ':'; never a newline.
  bool operator==(const CgroupLine&) const = default;
};
/// The lines point into `text`.
Result<std::vector<CgroupLine>> ParseCgroups(std::string_view text);

/// The type of file system ("ext4", "fuse.sshfs") of the mount with this id in
/// /proc/PID/mountinfo; nullopt if no line has the id. Paths in it have spaces,
/// newlines and backslashes escaped by the kernel.
Result<std::optional<std::string>> FindMountType(std::string_view mountinfo,
                                                 std::uint64_t mount_id);

/// The inode in the target of a /proc/PID/ns link: 4026531840 of
/// "mnt:[4026531840]" when `kind` is "mnt".
Result<std::uint64_t> ParseNamespaceLink(std::string_view link, std::string_view kind);

}  // namespace surety
