// What of the kernel's the daemon needs, tried here.

#include <fcntl.h>
#include <linux/capability.h>
#include <linux/openat2.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <string_view>
#include <system_error>

#include "agent/doctor/checks.h"
#include "agent/watch/event_filter.h"
#include "agent/watch/proc_connector.h"
#include "attestors/cgroup_mounts.h"
#include "attestors/proc_file.h"
#include "surety/unique_fd.h"

namespace surety {
namespace {

constexpr int kPeerPidfd = 77;  // SO_PEERPIDFD, unknown to older headers.
constexpr int kEventBuffer = 65'536;
constexpr int kAcknowledgedWithinMs = 500;
constexpr std::size_t kLargestMountTable = std::size_t{8} << 20;

Finding LookAtPidfd() {
  const UniqueFd fd(static_cast<int>(::syscall(SYS_pidfd_open, ::getpid(), 0)));
  if (fd) return Ok("kernel.pidfd", "processes can be held by a handle");
  return Broken("kernel.pidfd", "pidfd_open(2): " + std::generic_category().message(errno),
                "Linux 5.3 or later is needed, and a container must not filter this call");
}

Finding LookAtPeerPidfd() {
  std::array<int, 2> pair{-1, -1};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair.data()) != 0)
    return Broken("kernel.peer", "socketpair(2): " + std::generic_category().message(errno),
                  "let this process open files");
  const UniqueFd one(pair[0]);
  const UniqueFd two(pair[1]);
  int pidfd = -1;
  socklen_t size = sizeof pidfd;
  if (::getsockopt(one.get(), SOL_SOCKET, kPeerPidfd, &pidfd, &size) == 0) {
    const UniqueFd closed(pidfd);
    return Ok("kernel.peer", "the kernel names a caller by a handle (SO_PEERPIDFD)");
  }
  return Warning("kernel.peer",
                 "no SO_PEERPIDFD: a caller that exits while it connects is told from a later "
                 "process by its start time alone",
                 "Linux 6.5 or later has it");
}

Finding LookAtOpenat2() {
  open_how how{};
  how.flags = O_PATH | O_CLOEXEC;
  how.resolve = RESOLVE_NO_SYMLINKS;
  const UniqueFd fd(static_cast<int>(::syscall(SYS_openat2, AT_FDCWD, "/", &how, sizeof how)));
  if (fd) return Ok("kernel.openat2", "paths can be opened without following links");
  return Broken("kernel.openat2", "openat2(2): " + std::generic_category().message(errno),
                "Linux 5.6 or later is needed, and a container must not filter this call");
}

// What the daemon says counts; without one it is tried with our own privileges.
Finding LookAtEvents(const Installation& all) {
  const std::string meaning =
      "changes of processes are found by the sweep alone, up to its interval late";
  const std::string mend =
      "run suretyd in the host's pid and network namespaces; before Linux 6.6 with CAP_NET_ADMIN; "
      "or live with it: it costs time, not correctness";
  if (all.daemon) {
    if (all.daemon->hook.wake_mode != "sweep")
      return Ok("kernel.events", "the kernel tells the daemon of changes of processes");
    if (all.config && !all.config->watch.events)
      return Ok("kernel.events", meaning + ", as the configuration says");
    return Warning("kernel.events", meaning, mend);
  }
  auto connector = ProcConnector::Subscribe(FollowedFilter({}, ::getpid()), kEventBuffer);
  if (!connector) return Warning("kernel.events", meaning + ": " + connector.error().Text(), mend);
  pollfd waited{.fd = connector->fd(), .events = POLLIN, .revents = 0};
  ::poll(&waited, 1, kAcknowledgedWithinMs);
  connector->Read([](const ProcEvent&) {}, kEventBuffer);
  if (connector->acknowledged())
    return Ok("kernel.events", "the kernel tells of changes of processes");
  return Warning("kernel.events", meaning + ": the kernel does not answer", mend);
}

std::string MountTable() {
  const UniqueFd file(::open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC));
  if (!file) return {};
  int error = 0;
  const auto text = ReadProcFile(file.get(), kLargestMountTable, false, error);
  return text && *text ? **text : std::string();
}

Finding LookAtCgroups(const std::string& table) {
  const auto mounts = ParseCgroupMounts(table);
  bool unified = false;
  if (mounts)
    for (const CgroupMount& mount : *mounts) unified = unified || mount.unified;
  if (!mounts || mounts->empty())
    return Broken(
        "kernel.cgroups",
        "no whole tree of control groups is mounted here: units and containers cannot be told",
        "run in the host's cgroup namespace, with /sys/fs/cgroup of the host");
  if (!unified)
    return Warning("kernel.cgroups", "control groups are those of version 1 alone",
                   "boot with systemd.unified_cgroup_hierarchy=1");
  return Ok("kernel.cgroups", mounts->size() == 1 ? "version 2" : "version 2, beside version 1");
}

bool HidesProcesses(std::string_view table) {
  while (!table.empty()) {
    const auto end = table.find('\n');
    const std::string_view line = table.substr(0, end);
    table.remove_prefix(end == std::string_view::npos ? table.size() : end + 1);
    const bool is_proc = line.find(" /proc ") != std::string_view::npos &&
                         line.find(" - proc ") != std::string_view::npos;
    if (is_proc && line.find("hidepid=") != std::string_view::npos) return true;
  }
  return false;
}

Finding LookAtProc(const Installation& all, const std::string& table) {
  if (!HidesProcesses(table)) return Ok("kernel.proc", "/proc shows the processes of all users");
  constexpr std::uint64_t kSeesAll = std::uint64_t{1} << CAP_SYS_PTRACE;
  if (all.process && (all.process->cap_effective & kSeesAll) != 0)
    return Ok("kernel.proc", "/proc is mounted with hidepid, which CAP_SYS_PTRACE overcomes");
  return Warning("kernel.proc",
                 "/proc is mounted with hidepid: only CAP_SYS_PTRACE shows other users' processes",
                 "give it to suretyd, as the packaged service does");
}

}  // namespace

Diagnosis LookAtKernel(const Installation& all) {
  const std::string table = MountTable();
  return {LookAtPidfd(),     LookAtPeerPidfd(),    LookAtOpenat2(),
          LookAtEvents(all), LookAtCgroups(table), LookAtProc(all, table)};
}

}  // namespace surety
