// The daemon as a process: whether it runs, with what privileges, under whom.

#include <fcntl.h>
#include <linux/capability.h>
#include <unistd.h>

#include <array>

#include "agent/doctor/checks.h"
#include "attestors/proc_file.h"
#include "surety/unique_fd.h"

namespace surety {
namespace {

constexpr std::size_t kLargestFile = 1U << 20U;

struct Needed {
  unsigned number;
  const char* name;
  Health without;
  const char* meaning;
};
constexpr std::array kNeeded{
    Needed{CAP_SYS_PTRACE, "CAP_SYS_PTRACE", Health::kBroken,
           "the executables, namespaces and roots of other users' processes cannot be seen, so "
           "that these get no identity"},
    Needed{CAP_DAC_READ_SEARCH, "CAP_DAC_READ_SEARCH", Health::kWarning,
           "executables and environments that only their owner may read are not seen: selectors "
           "on unix:sha256 and on variables do not match there"},
};

bool Has(const ProcessStatus& process, unsigned capability) {
  return ((process.cap_effective >> capability) & 1U) != 0;
}

bool Can(const ProcessStatus& process, unsigned capability) {
  // Root's way to read everything does as well.
  return Has(process, capability) ||
         (capability == CAP_DAC_READ_SEARCH && Has(process, CAP_DAC_OVERRIDE));
}

// A file of the daemon's in /proc; empty if it cannot be read.
std::string ProcFileOf(pid_t pid, const char* name) {
  const std::string path = "/proc/" + std::to_string(pid) + "/" + name;
  const UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) return {};
  int error = 0;
  const auto text = ReadProcFile(file.get(), kLargestFile, false, error);
  return text && *text ? **text : std::string();
}

}  // namespace

Diagnosis LookAtDaemon(const Installation& all) {
  if (!all.daemon) {
    const std::string socket = all.AdminSocket();
    if (::access(socket.c_str(), F_OK) != 0 && errno == ENOENT)
      return {Warning(
          "daemon",
          "it does not run: there is no " + socket + "; what can be told without it follows",
          "systemctl enable --now suretyd.service")};
    return {Broken("daemon", "it does not answer: " + all.why_silent,
                   "run this as root; else see journalctl -u suretyd, and start it")};
  }
  Diagnosis found{Ok("daemon", "suretyd " + all.daemon->version + " runs as process " +
                                   std::to_string(all.daemon->pid) + " and serves " +
                                   all.daemon->trust_domain)};
  if (all.config && all.config->trust_domain.name() != all.daemon->trust_domain)
    found.push_back(Warning("daemon",
                            "the configuration names the trust domain " +
                                all.config->trust_domain.name() + ", and the daemon serves another",
                            "systemctl restart suretyd, if that is meant"));
  for (const std::string& sentence : all.daemon->degraded)
    found.push_back(Warning("daemon.degraded", sentence, "surety status and the journal say more"));
  return found;
}

Diagnosis LookAtPrivileges(const Installation& all) {
  if (!all.process) return {};
  Diagnosis found;
  for (const Needed& one : kNeeded)
    if (!Can(*all.process, one.number))
      found.push_back({"privileges", one.without,
                       std::string("the daemon lacks ") + one.name + ": " + one.meaning,
                       std::string("add ") + one.name +
                           " to AmbientCapabilities= and CapabilityBoundingSet= of "
                           "suretyd.service, and restart it"});
  if (found.empty())
    found.push_back(
        Ok("privileges", "the daemon, of uid " + std::to_string(all.uid) + ", has what it needs"));
  return found;
}

Diagnosis LookAtService(const Installation& all) {
  if (::access("/run/systemd/system", F_OK) != 0)
    return {Ok("service", "systemd does not run this host, so that nothing is asked of it")};
  if (!all.daemon) return {};
  const std::string cgroup = ProcFileOf(all.daemon->pid, "cgroup");
  if (cgroup.find(".service") == std::string::npos)
    return {Warning("service",
                    "the daemon was not started by systemd: nobody starts it again if it dies",
                    "systemctl enable --now suretyd.service")};
  const std::string environment = ProcFileOf(all.daemon->pid, "environ");
  if (environment.empty())
    return {Warning("service", "it cannot be seen whether systemd watches over the daemon",
                    "run this as root")};
  if (environment.find("WATCHDOG_USEC=") == std::string::npos)
    return {Warning("service", "systemd does not notice if the daemon hangs",
                    "set WatchdogSec=30s in suretyd.service")};
  return {Ok("service", "systemd runs the daemon and watches over it")};
}

}  // namespace surety
