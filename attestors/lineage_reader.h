#pragma once

#include <sys/types.h>

#include <cstddef>
#include <functional>
#include <memory>

#include "attestors/cgroup_owner.h"
#include "surety/lineage.h"
#include "surety/process.h"

namespace surety {

/// Ancestors that are kept in a Lineage.
inline constexpr std::size_t kMostAncestors = 16;
/// The longest way from a process to its topmost ancestor, in processes. Where a
/// lineage hangs on that and the way is longer, it cannot be told
/// (kResourceExhausted): cut anywhere, it would have another top one level deeper.
inline constexpr std::size_t kLongestChain = 64;

/// The reader for this machine: what a process belongs to by its cgroups
/// (cgroup_owner.h), else the login session that root put it into, else its
/// topmost ancestor of its own (ancestry.h).
///
/// From /proc/PID/cgroup, stat and sessionid, the owners of the host's cgroup
/// folders, and the kernel's word on parents; never from a mount table or anything
/// else that a workload makes up. 15 us for a process that was looked at before and
/// has few ancestors of its own; the first look at a long chain takes about 50 us
/// a process. docs/decisions/009 gives the reasons of the rules.
///
/// Errors: kPeerGone; kUnavailable and others: could not tell.
std::unique_ptr<LineageReader> MakeLineageReader();

/// The same with its surroundings put in, for tests: whose cgroups are root's,
/// where processes are opened, and which process is the daemon.
std::unique_ptr<LineageReader> MakeLineageReader(RootMadePart root_made,
                                                 std::shared_ptr<ProcessOpener> processes,
                                                 pid_t self);

}  // namespace surety
