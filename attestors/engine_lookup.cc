#include "attestors/engine_lookup.h"

#include <functional>
#include <utility>

#include "attestors/engine_answer.h"
#include "attestors/proc_text.h"

namespace surety {
namespace {

constexpr long kOk = 200;
constexpr long kNotFound = 404;
// Answers are asked for anew in the background once this part of max_age is over.
constexpr int kFreshPart = 6;

WorkerPool::Limits PoolOf(const EngineLookupLimits& limits) {
  return {.threads = limits.threads,
          .threads_per_share = 1,
          .queue = limits.cached,
          .queue_per_share = 1,
          .idle = std::chrono::milliseconds(10'000),
          .grace = std::chrono::milliseconds(1'000)};
}

LookupTimes TimesOf(const EngineLookupLimits& limits) {
  return {.fresh = limits.max_age / kFreshPart,
          .kept = limits.max_age,
          .failed = std::min(limits.max_age, std::chrono::milliseconds(1'000)),
          .overdue = 4 * limits.request.timeout};
}

// The share of a WorkerPool. Two containers that share one wait for each other.
uid_t ShareOf(const std::string& id) { return static_cast<uid_t>(std::hash<std::string>{}(id)); }

Result<std::uint64_t> NamespaceOf(const ProcessHandle& process, std::string_view kind) {
  const auto link = process.ReadLink("ns/" + std::string(kind));
  if (!link) return link.error();
  return ParseNamespaceLink(*link, kind);
}

}  // namespace

EngineLookup::EngineLookup(const EngineDialect& dialect, EngineSocket socket,
                           EngineLookupLimits limits, std::shared_ptr<ProcessOpener> processes,
                           CgroupMakersOf makers, Now now)
    : asked_(std::make_shared<const Asked>(Asked{dialect, std::move(socket), limits.request,
                                                 std::move(processes), std::move(makers)})),
      answers_("asking the engine at " + asked_->socket.path,
               std::make_shared<WorkerPool>(PoolOf(limits)), TimesOf(limits), limits.cached,
               std::move(now)) {}

Result<EngineLookup::Container> EngineLookup::Find(const std::string& id,
                                                   BootClock::duration patience) {
  auto found = Get(id, patience);
  if (!found || !*found || asked_->Runs(**found)) return found;
  // It was stopped, and perhaps started again.
  Forget(id);
  return Get(id, patience);
}

void EngineLookup::Forget(const std::string& id) { answers_.Forget(id, ShareOf(id)); }

Result<EngineLookup::Container> EngineLookup::Get(const std::string& id,
                                                  BootClock::duration patience) {
  using Answers = BackgroundLookup<std::string, Container>;
  return answers_.Get(id, ShareOf(id), patience, [&]() -> Result<Answers::Compute> {
    return Answers::Compute(
        [asked = asked_, id](const std::stop_token& stop) { return asked->Look(id, stop); });
  });
}

Result<EngineLookup::Container> EngineLookup::Asked::Look(const std::string& id,
                                                          const std::stop_token& stop) const {
  auto facts = Ask(id, stop);
  if (!facts) return facts.error();
  if (!*facts) return Container();
  const auto first = processes->OpenByPid((*facts)->pid);
  if (!first) return Unclear("the container's first process: " + first.error().Text());
  const auto again = Ask(id, stop);
  if (!again) return again.error();
  if (*again != *facts) return Unclear("the container changed while it was looked at");
  if (const auto pod = AskPod(**facts, stop); !pod) return pod.error();
  return SeeFirst(**std::move(facts), **first);
}

bool EngineLookup::Asked::Runs(const RunningContainer& container) const {
  const auto now = processes->OpenByPid(container.first.pid);
  return now && (*now)->key() == container.first;
}

Result<std::optional<ContainerFacts>> EngineLookup::Asked::Ask(const std::string& id,
                                                               const std::stop_token& stop) const {
  if (dialect.ask != nullptr) {
    auto facts = dialect.ask(socket, id, limits, stop);
    if (!facts) return facts.error().Within("the engine at " + socket.path);
    if (*facts && (*facts)->id != id) return Unclear("the answer is about another container");
    return facts;
  }
  const auto reply = AskEngine(socket, dialect.container_path(id), limits, stop);
  if (!reply) return reply.error();
  if (reply->status == kNotFound && SaysNotFound(reply->body))
    return std::optional<ContainerFacts>();
  if (reply->status != kOk) return Unclear("HTTP status " + std::to_string(reply->status));
  auto facts = dialect.read_container(reply->body);
  if (!facts) return Unclear(facts.error().message());
  if (facts->id != id) return Unclear("the answer is about another container");
  return std::optional(*std::move(facts));
}

Result<void> EngineLookup::Asked::AskPod(ContainerFacts& facts, const std::stop_token& stop) const {
  if (facts.pod_id.empty() || dialect.pod_path == nullptr) return {};
  const auto reply = AskEngine(socket, dialect.pod_path(facts.pod_id), limits, stop);
  if (!reply) return reply.error();
  if (reply->status != kOk)
    return Unclear("HTTP status " + std::to_string(reply->status) + " of the pod");
  const auto read = dialect.read_pod(reply->body, facts);
  if (!read) return Unclear(read.error().message());
  return {};
}

Result<EngineLookup::Container> EngineLookup::Asked::SeeFirst(ContainerFacts facts,
                                                              const ProcessHandle& first) const {
  auto reference = ReadContainerReference(first, makers);
  if (!reference) return Unclear(reference.error().Text());
  if (!*reference || (*reference)->id != facts.id || (*reference)->maker != socket.uid)
    return Unclear("process " + std::to_string(facts.pid) +
                   ", which it says is the container's first, is not in a cgroup of its");
  // A container that was put into another pod's cgroup is not in that pod.
  if (!facts.pod_uid.empty() && !(*reference)->pod_uid.empty() &&
      facts.pod_uid != (*reference)->pod_uid)
    return Unclear("the container is in a cgroup of another pod");
  const auto pid_namespace = NamespaceOf(first, "pid");
  if (!pid_namespace) return Unclear(pid_namespace.error().Text());
  const auto mount_namespace = NamespaceOf(first, "mnt");
  if (!mount_namespace) return Unclear(mount_namespace.error().Text());
  if (!first.IsAlive()) return Unclear("the container's first process has exited");
  return std::make_shared<const RunningContainer>(RunningContainer{
      std::move(facts), first.key(), **std::move(reference), *pid_namespace, *mount_namespace});
}

Error EngineLookup::Asked::Unclear(const std::string& why) const {
  return {ErrorCode::kUnavailable, "the engine at " + socket.path + ": " + why};
}

}  // namespace surety
