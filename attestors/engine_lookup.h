#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

#include "attestors/background_lookup.h"
#include "attestors/container_facts.h"
#include "attestors/container_reference.h"
#include "attestors/engine_dialect.h"
#include "attestors/engine_request.h"
#include "attestors/engine_socket.h"
#include "attestors/worker_pool.h"
#include "surety/process.h"
#include "surety/result.h"

namespace surety {

/// A container that an engine knows and whose first process was seen to be in it.
struct RunningContainer {
  ContainerFacts facts;
  ProcessKey first;                 ///< Its first process: while that lives, the facts are of now.
  ContainerReference reference;     ///< By the cgroups of its first process.
  std::uint64_t pid_namespace = 0;  ///< Inodes, of the first process.
  std::uint64_t mount_namespace = 0;
};

struct EngineLookupLimits {
  EngineRequestLimits request;
  std::chrono::milliseconds max_age{60'000};  ///< An answer is believed for so long at most.
  std::size_t cached = 4096;                  ///< Containers remembered.
  std::size_t threads = 8;                    ///< Requests to this engine at one time.
};

/// Asks one engine about containers, in the background, and remembers the answers.
/// Each container has a thread and a place in the queue of its own, so that one
/// whose answer is slow keeps none of the others waiting.
///
/// An answer counts if the engine gave it twice, and the process that it says is the
/// first of the container was opened before the second time, lived after it, and is
/// in a cgroup that names this container: so no reused pid passes for it.
/// Thread-safe.
class EngineLookup {
 public:
  using Container = std::shared_ptr<const RunningContainer>;  ///< Null: it knows no such one.
  using Now = std::function<BootTime()>;

  EngineLookup(const EngineDialect& dialect, EngineSocket socket, EngineLookupLimits limits,
               std::shared_ptr<ProcessOpener> processes, CgroupMakersOf makers, Now now);

  [[nodiscard]] uid_t uid() const { return asked_->socket.uid; }

  /// What the engine said of this container within max_age, of one that runs now.
  /// Waits `patience` at most. Errors: could not look (yet); they name the engine.
  Result<Container> Find(const std::string& id, BootClock::duration patience);

  /// The next Find asks the engine.
  void Forget(const std::string& id);

 private:
  // Shared with work in progress, which may outlive this object.
  struct Asked {
    const EngineDialect& dialect;
    const EngineSocket socket;
    const EngineRequestLimits limits;
    const std::shared_ptr<ProcessOpener> processes;
    const CgroupMakersOf makers;

    [[nodiscard]] Result<Container> Look(const std::string& id, const std::stop_token& stop) const;
    [[nodiscard]] Result<std::optional<ContainerFacts>> Ask(const std::string& id,
                                                            const std::stop_token& stop) const;
    [[nodiscard]] Result<void> AskPod(ContainerFacts& facts, const std::stop_token& stop) const;
    [[nodiscard]] Result<Container> SeeFirst(ContainerFacts facts,
                                             const ProcessHandle& first) const;
    // By its key, since a handle for each that was ever asked about would be too many.
    [[nodiscard]] bool Runs(const RunningContainer& container) const;
    [[nodiscard]] Error Unclear(const std::string& why) const;
  };

  Result<Container> Get(const std::string& id, BootClock::duration patience);

  const std::shared_ptr<const Asked> asked_;
  BackgroundLookup<std::string, Container> answers_;
};

}  // namespace surety
