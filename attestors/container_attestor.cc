#include "attestors/container_attestor.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "attestors/boot_now.h"
#include "attestors/findings.h"
#include "attestors/namespace_tree.h"
#include "attestors/printable.h"

namespace surety {
namespace {

// No entry can name a longer one.
constexpr std::size_t kLongestSelector = 8192;
constexpr std::string_view kEnv = "env";

/// Adds what an engine says, marked as its owner's unless that is root.
class Said {
 public:
  Said(std::string_view type, uid_t engine_uid) : type_(type), findings_(type) {
    if (engine_uid == 0) return;
    prefix_ = "rootless_uid:" + std::to_string(engine_uid);
    findings_.Add(prefix_);
    prefix_ += ':';
  }

  void Add(std::string_view kind, std::string_view value) {
    if (kind.empty()) return;
    std::string text = prefix_ + std::string(kind) + ":" + Printable(value);
    if (!value.empty() && type_.size() + 1 + text.size() <= kLongestSelector)
      findings_.Add(std::move(text));
  }
  void AddLabels(std::string_view kind, const ContainerFacts::Labels& labels) {
    for (const auto& [key, value] : labels) Add(kind, key + ":" + value);
  }
  [[nodiscard]] SelectorSet Finish() && { return std::move(findings_).Finish().selectors; }

 private:
  const std::string_view type_;
  Findings findings_;
  std::string prefix_;
};

}  // namespace

ContainerAttestor::ContainerAttestor(const EngineDialect& dialect,
                                     const ContainerAttestorOptions& options, const HostView& host,
                                     const std::shared_ptr<ProcessOpener>& processes,
                                     CgroupMakersOf makers)
    : dialect_(dialect),
      env_(options.env),
      patience_(options.patience),
      host_(host.namespaces),
      makers_(std::move(makers)) {
  for (const EngineSocket& socket : options.sockets)
    engines_.push_back(std::make_unique<EngineLookup>(dialect, socket, options.lookup, processes,
                                                      makers_, &BootNow));
}

std::vector<std::string> ContainerAttestor::selector_kinds() const {
  const EngineSpelling& spelling = dialect_.spelling;
  std::vector<std::string> out;
  for (const std::string_view kind :
       {spelling.image_config_digest, spelling.image_digest, spelling.image_id, spelling.label,
        spelling.name, spelling.rootless_uid, env_ ? kEnv : "", spelling.pod_id, spelling.pod_label,
        spelling.pod_name, spelling.pod_namespace, spelling.pod_uid})
    if (!kind.empty()) out.push_back(std::string(name()) + ":" + std::string(kind));
  return out;
}

Result<Attestation> ContainerAttestor::Attest(const Peer& peer, BootTime deadline) const {
  const ProcessHandle& process = *peer.process;
  const auto found = Identify(process, std::min(deadline, BootNow() + patience_));
  if (!process.IsAlive())
    return Error(ErrorCode::kPeerGone,
                 "process " + std::to_string(process.key().pid) + " has exited");
  Attestation out;
  if (!found)
    out.missing.push_back({std::string(name()), found.error()});
  else if (*found)
    out.selectors = SelectorsOf(**found);
  return out;
}

void ContainerAttestor::Forget(const Peer& peer) const {
  const auto reference = ReadContainerReference(*peer.process, makers_);
  if (!reference || !*reference) return;
  for (const auto& engine : engines_) engine->Forget((*reference)->id);
}

Result<ContainerAttestor::Container> ContainerAttestor::Identify(const ProcessHandle& process,
                                                                 BootTime patience_end) const {
  const auto reference = ReadContainerReference(process, makers_);
  if (!reference) return reference.error();
  if (!*reference) {
    if (const auto outside = CheckOutside(process); !outside) return outside.error();
    return Container();
  }
  if (!MayKnow(**reference)) return Container();
  auto found = AskEngines(**reference, patience_end);
  if (!found || !*found) return found;
  const auto in = IsIn(**found, process, **reference);
  if (!in) return in.error();
  if (!*in) return Container();
  const auto now = ReadContainerReference(process, makers_);
  if (!now) return now.error();
  if (*now != *reference)
    return Error(ErrorCode::kUnavailable, "the process was moved to another cgroup meanwhile");
  return found;
}

bool ContainerAttestor::MayKnow(const ContainerReference& reference) const {
  return reference.engine == ContainerEngine::kAny || reference.engine == dialect_.engine ||
         reference.engine == dialect_.second_engine;
}

// All of the owner's engines, so that what each lacks is known, and that two claim it.
Result<ContainerAttestor::Container> ContainerAttestor::AskEngines(
    const ContainerReference& reference, BootTime patience_end) const {
  Container found;
  std::optional<Error> failed;
  for (const auto& engine : engines_) {
    if (engine->uid() != reference.maker) continue;
    // A user's engine may take as long as that user likes: nobody waits for it.
    const auto patience = engine->uid() == 0
                              ? std::max(patience_end - BootNow(), BootClock::duration::zero())
                              : BootClock::duration::zero();
    auto answer = engine->Find(reference.id, patience);
    if (!answer) {
      failed = answer.error();
    } else if (*answer && found) {
      return Error(ErrorCode::kUnavailable, "two engines say that the container is theirs");
    } else if (*answer) {
      found = *std::move(answer);
    }
  }
  if (failed) return *failed;
  return found;
}

Result<bool> ContainerAttestor::IsIn(const RunningContainer& container,
                                     const ProcessHandle& process,
                                     const ContainerReference& reference) const {
  // The same id elsewhere: a name made to look like the container's.
  if (container.reference != reference) return false;
  if (reference.maker != 0) {
    auto made = IsMadeBy(process, reference.maker);
    if (!made || !*made) return made;
  }
  const auto look = ReadNamespaces(process);
  if (!look) return look.error();
  if (look->failed) return *look->failed;
  if (look->namespaces.Get(NamespaceKind::kMnt) == container.mount_namespace) return true;
  if (host_.Get(NamespaceKind::kPid) == container.pid_namespace) return false;
  return IsInPidNamespace(process, container.pid_namespace);
}

Result<bool> ContainerAttestor::IsMadeBy(const ProcessHandle& process, uid_t uid) const {
  const auto host = host_.Get(NamespaceKind::kUser);
  if (!host) return Error(ErrorCode::kUnavailable, "the host's user namespace is not known");
  const auto maker = UserNamespaceMaker(process, *host);
  if (!maker) return maker.error();
  return *maker == uid;
}

// Without a cgroup of its own a rootless container looks like any other process of
// its user: where one of his engines may have it, it cannot be told.
Result<void> ContainerAttestor::CheckOutside(const ProcessHandle& process) const {
  for (const auto& engine : engines_) {
    if (engine->uid() == 0) continue;
    const auto made = IsMadeBy(process, engine->uid());
    if (!made) return made.error();
    if (*made)
      return Error(ErrorCode::kNotFound,
                   "it is in a user namespace of uid " + std::to_string(engine->uid()) +
                       " and no cgroup names its container, as of rootless containers on cgroup "
                       "version 1");
  }
  return {};
}

SelectorSet ContainerAttestor::SelectorsOf(const RunningContainer& container) const {
  const ContainerFacts& facts = container.facts;
  Said said(name(), container.reference.maker);
  const EngineSpelling& spelling = dialect_.spelling;
  said.AddLabels(spelling.label, facts.labels);
  said.Add(spelling.image_id, facts.image_id);
  said.Add(spelling.image_digest, facts.image_digest);
  said.Add(spelling.image_config_digest, facts.image_config_digest);
  said.Add(spelling.name, facts.name);
  said.Add(spelling.pod_id, facts.pod_id);
  said.Add(spelling.pod_name, facts.pod_name);
  said.AddLabels(spelling.pod_label, facts.pod_labels);
  said.Add(spelling.pod_uid, facts.pod_uid);
  said.Add(spelling.pod_namespace, facts.pod_namespace);
  if (env_)
    for (const std::string& variable : facts.env) said.Add(kEnv, variable);
  return std::move(said).Finish();
}

}  // namespace surety
