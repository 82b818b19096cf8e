#include "attestors/systemd_attestor.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <utility>

#include "attestors/boot_now.h"
#include "attestors/cgroup_trees.h"
#include "attestors/findings.h"
#include "attestors/printable.h"
#include "attestors/proc_text.h"
#include "attestors/systemd_bus.h"
#include "attestors/systemd_path.h"

namespace surety {
namespace {

constexpr std::size_t kMaxCgroups = 256UL * 1024;
constexpr std::size_t kRemembered = 4096;
// systemd's own trees: of version 2, or its named one on a host with both.
constexpr std::array<std::string_view, 2> kTrees{"", "name=systemd"};
constexpr std::array<std::string_view, 5> kKinds{"id", "fragment_path", "slice", "invocation_id",
                                                 "user_unit"};

LookupTimes TimesOf(const SystemdAttestorOptions& options) {
  constexpr std::chrono::milliseconds kHolds(2'000);
  constexpr std::chrono::milliseconds kFailed(250);
  return {kHolds, kHolds, kFailed, options.timeout};
}

WorkerPool::Limits PoolLimits() {
  WorkerPool::Limits limits;
  limits.threads = 4;
  return limits;
}

bool IsOutOfReach(std::string_view path) { return path == "/.." || path.starts_with("/../"); }

// A process that began in the tick of the clock that `asked` lies in may have begun
// after it.
bool BeganBefore(const ProcessKey& process, BootTime asked) {
  static const auto kTicksPerSecond = static_cast<std::uint64_t>(::sysconf(_SC_CLK_TCK));
  const std::chrono::nanoseconds tick(1'000'000'000 / kTicksPerSecond);
  return BootTime(tick * (process.start_ticks + 1)) <= asked;
}

Error GoneError(const ProcessHandle& process) {
  return {ErrorCode::kPeerGone, "process " + std::to_string(process.key().pid) + " has exited"};
}

void AddMissing(const Error& why, Findings& findings) {
  for (const auto kind : kKinds) findings.Missing(kind, why);
}

}  // namespace

CgroupLook CgroupLook::OfHost() {
  const auto trees = std::make_shared<const CgroupTrees>(CgroupTrees::OfHost());
  return {[trees](const CgroupLine& line) { return trees->RootMade(line); },
          [trees](std::string_view controllers, std::string_view path) {
            return trees->InodeOf(controllers, path);
          }};
}

bool CanAskSystemd(const std::string& bus) {
  struct stat seen {};
  return ::lstat("/run/systemd/system", &seen) == 0 && S_ISDIR(seen.st_mode) &&
         ::stat(bus.c_str(), &seen) == 0 && S_ISSOCK(seen.st_mode);
}

/// Where a process stands among the units.
struct SystemdAttestor::Place {
  std::string path;  ///< Of its cgroup.
  std::string unit;  ///< The beginning of it that names a unit.
  std::string key;   ///< Of the cgroup `unit`, among all there ever are.
  bool operator==(const Place&) const = default;
};

SystemdAttestor::SystemdAttestor(const SystemdAttestorOptions& options)
    : SystemdAttestor(options, AskSystemBus(options.bus), CgroupLook::OfHost(), BootNow) {}

SystemdAttestor::SystemdAttestor(const SystemdAttestorOptions& options, UnitQuestion ask,
                                 CgroupLook cgroups, const std::function<BootTime()>& now)
    : options_(options),
      ask_(std::move(ask)),
      cgroups_(std::move(cgroups)),
      now_(now),
      units_("asking systemd", std::make_shared<WorkerPool>(PoolLimits()), TimesOf(options),
             kRemembered, now) {}

std::vector<std::string> SystemdAttestor::selector_kinds() const {
  std::vector<std::string> out;
  out.reserve(std::size(kKinds));
  for (const auto kind : kKinds) out.push_back("systemd:" + std::string(kind));
  return out;
}

Result<Attestation> SystemdAttestor::Attest(const Peer& peer, BootTime deadline) const {
  const ProcessHandle& process = *peer.process;
  const BootTime patience_end = std::min(deadline, BootNow() + options_.patience);
  Findings findings(name());
  const auto place = FindPlace(process);
  if (!place && place.error().code() == ErrorCode::kPeerGone) return place.error();
  if (!place) {
    AddMissing(place.error(), findings);
  } else if (*place) {
    auto unit = UnitOf(peer, **place, patience_end);
    if (!unit && unit.error().code() == ErrorCode::kPeerGone) return unit.error();
    if (!unit) {
      AddMissing(unit.error(), findings);
    } else if (*unit) {
      const UnitFacts& facts = **unit;
      findings.Add("id:", Printable(facts.id));
      if (!facts.fragment_path.empty())
        findings.Add("fragment_path:", Printable(facts.fragment_path));
      if (!facts.slice.empty()) findings.Add("slice:", Printable(facts.slice));
      if (!facts.invocation_id.empty()) findings.Add("invocation_id:", facts.invocation_id);
      if (const auto user = FindUserUnit((*place)->path))
        findings.Add("user_unit:", std::to_string(user->uid) + ":" + Printable(user->name));
    }
  }
  if (!process.IsAlive()) return GoneError(process);
  return std::move(findings).Finish();
}

Result<std::optional<SystemdAttestor::Place>> SystemdAttestor::FindPlace(
    const ProcessHandle& process) const {
  const auto text = process.ReadFile("cgroup", kMaxCgroups);
  if (!text) return text.error();
  const auto lines = ParseCgroups(*text);
  if (!lines) return lines.error();
  for (const auto tree : kTrees) {
    const auto line = std::find_if(lines->begin(), lines->end(),
                                   [&](const CgroupLine& one) { return one.controllers == tree; });
    if (line == lines->end()) continue;
    if (IsOutOfReach(line->path))
      return Error(ErrorCode::kPermissionDenied,
                   "suretyd is in a cgroup namespace of its own and the process outside of it");
    if (!FindUnitCgroup(line->path)) continue;
    const auto made = cgroups_.root_made(*line);
    if (!made) return made.error();
    const auto unit = FindUnitCgroup(*made);
    if (!unit) continue;
    const auto inode = cgroups_.inode(tree, unit->path);
    if (!inode) return inode.error();
    return std::optional(
        Place{std::string(line->path), std::string(unit->path),
              std::to_string(*inode) + std::string(tree) + std::string(unit->path)});
  }
  return std::optional<Place>();
}

Result<std::optional<UnitFacts>> SystemdAttestor::UnitOf(const Peer& peer, const Place& place,
                                                         BootTime patience_end) const {
  auto answer = Ask(peer, place, patience_end);
  if (answer && !BeganBefore(peer.process->key(), answer->asked)) {
    units_.Forget(place.key, peer.uid);
    answer = Ask(peer, place, patience_end);
  }
  if (!answer) return answer.error();
  if (!BeganBefore(peer.process->key(), answer->asked))
    return Error(ErrorCode::kUnavailable, "systemd was asked before the process began");
  // It was asked of a cgroup: the process must still be there.
  const auto still = FindPlace(*peer.process);
  if (!still) return still.error();
  if (*still != place)
    return Error(ErrorCode::kUnavailable, "the process went to another cgroup meanwhile");
  // Else it is only a cgroup below a unit of another name, such as a slice.
  if (answer->unit && answer->unit->control_group != place.unit) return std::optional<UnitFacts>();
  return answer->unit;
}

Result<SystemdAttestor::Answer> SystemdAttestor::Ask(const Peer& peer, const Place& place,
                                                     BootTime patience_end) const {
  const auto patience = std::max(BootClock::duration::zero(), patience_end - BootNow());
  return units_.Get(place.key, peer.uid, patience, [&]() -> Result<Lookup::Compute> {
    return Lookup::Compute([ask = ask_, now = now_, unit = place.unit, timeout = options_.timeout](
                               const std::stop_token& stop) -> Result<Answer> {
      const BootTime asked = now();
      auto facts = ask(unit, BootNow() + timeout, stop);
      if (!facts) return facts.error();
      return Answer{*std::move(facts), asked};
    });
  });
}

void SystemdAttestor::Forget(const Peer& peer) const {
  const auto place = FindPlace(*peer.process);
  if (place && *place) units_.Forget((*place)->key, peer.uid);
}

}  // namespace surety
