#pragma once

#include <linux/filter.h>
#include <sys/types.h>

#include <vector>

namespace surety {

/// Programs of classic BPF (socket(7), SO_ATTACH_FILTER) that run in the kernel on
/// each message of the proc connector, before it takes up any room in the socket's
/// buffer. What they drop costs the daemon nothing and does not wake it. Both let
/// acknowledgements pass, and the renaming of `own_thread`, with which events are
/// proven to come. Pure; no privilege is needed to use them.
using SocketFilter = std::vector<sock_filter>;

/// How many processes a filter can name: 4,096 instructions is the kernel's limit.
constexpr std::size_t kMostFiltered = 3000;

/// Passes exec, uid, gid, session and ptrace events of these processes, found by
/// binary search. Beyond kMostFiltered processes it passes those of all.
SocketFilter FollowedFilter(const std::vector<pid_t>& processes, pid_t own_thread);

/// Passes forks that make a process, of whatever parent; not those that make a thread.
SocketFilter BirthFilter(pid_t own_thread);

}  // namespace surety
