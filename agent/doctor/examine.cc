#include "agent/doctor/examine.h"

#include <algorithm>
#include <array>
#include <exception>
#include <future>
#include <iterator>
#include <thread>
#include <utility>

#include "agent/doctor/checks.h"

namespace surety {
namespace {

struct Check {
  const char* name;
  Diagnosis (*look)(const Installation&);
  bool needs_config;
};

constexpr std::array kChecks{
    Check{"config", LookAtConfiguration, false},
    Check{"kernel", LookAtKernel, false},
    Check{"clock", LookAtClock, false},
    Check{"daemon", LookAtDaemon, false},
    Check{"privileges", LookAtPrivileges, false},
    Check{"service", LookAtService, false},
    Check{"sockets", LookAtSockets, true},
    Check{"state", LookAtState, true},
    Check{"audit", LookAtAuditLog, true},
    Check{"authority", LookAtAuthority, true},
    Check{"entries", LookAtEntries, true},
    Check{"policies", LookAtPolicies, true},
    Check{"engines", LookAtEngines, true},
    Check{"programs", LookAtPrograms, true},
    Check{"sinks", LookAtSinks, true},
    Check{"metrics", LookAtMetrics, true},
};

Diagnosis Guarded(const Check& check, const Installation& all) {
  try {
    return check.look(all);
  } catch (const std::exception& error) {
    return {Broken(check.name, std::string("cannot be looked at: ") + error.what(),
                   "report it with what this command said")};
  }
}

Diagnosis Bounded(const Check& check, const std::shared_ptr<const Installation>& all,
                  std::chrono::milliseconds each) {
  std::packaged_task<Diagnosis()> task([check, all] { return Guarded(check, *all); });
  auto found = task.get_future();
  // A thread that hangs in the kernel cannot be waited for; it ends with the process.
  std::thread(std::move(task)).detach();
  if (found.wait_for(each) == std::future_status::ready) return found.get();
  return {Broken(check.name,
                 "the look at it did not end within " + std::to_string(each.count()) + " ms",
                 "see whether its disk, its program or a name service hangs; or give it longer, "
                 "with --timeout")};
}

}  // namespace

std::string_view NameOf(Health health) {
  switch (health) {
    case Health::kOk: return "ok";
    case Health::kWarning: return "warning";
    case Health::kBroken: return "broken";
  }
  return "unknown";
}

bool IsSound(const Diagnosis& findings) {
  return std::ranges::find(findings, Health::kBroken, &Finding::health) == findings.end();
}

Diagnosis Examine(const std::shared_ptr<const Installation>& all, std::chrono::milliseconds each) {
  Diagnosis findings;
  for (const Check& check : kChecks) {
    if (check.needs_config && !all->config) continue;
    Diagnosis found = Bounded(check, all, each);
    std::move(found.begin(), found.end(), std::back_inserter(findings));
  }
  return findings;
}

}  // namespace surety
