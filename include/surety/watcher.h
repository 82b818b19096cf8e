#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "surety/clock.h"
#include "surety/policy.h"
#include "surety/process.h"

namespace surety {

/// Why a process is to be looked at now. It decides nothing: the turn that it
/// wakes looks for itself.
enum class WakeReason { kExec, kUser, kGroup, kTraced, kSession, kMoved, kLost };

/// What a watcher has noticed. Called on a thread of the watcher's; must return soon.
struct WatcherEvents {
  /// Something about this process may have changed.
  std::function<void(const ProcessKey&, WakeReason)> changed;
  /// The kernel says that this thread has begun to trace it; it may have let go by
  /// now. `changed` follows.
  std::function<void(const ProcessKey&, pid_t tracer)> traced;
  /// It has exited, and is no longer followed.
  std::function<void(const ProcessKey&)> exited;
  /// A followed process has a new child, whose lineage is the parent's.
  std::function<void(const ProcessKey& parent, const ProcessKey& child)> forked;
  /// Events were lost: everything that is followed may have changed.
  std::function<void()> lost;
};

/// How a watcher is doing.
struct WatcherStatus {
  WakeMode mode = WakeMode::kSweep;
  std::string why_no_events;  ///< Empty while events come.
  std::uint64_t followed = 0;
  std::uint64_t events_total = 0;
  std::uint64_t overflows_total = 0;
  std::uint64_t sweeps_total = 0;
  BootClock::duration last_sweep{};  ///< How long it took.
};

/// Follows the processes that hold identities and says when one may have changed.
/// Thread-safe. Linux: agent/watch/process_watcher.h; tests: tests/fakes/fake_walk.h.
class Watcher {
 public:
  virtual ~Watcher() = default;
  /// Begins to follow a process; what is followed already goes on. Returns at once.
  virtual void Follow(std::shared_ptr<const ProcessHandle> process) = 0;
  /// Returns when `forked` has told of the birth of this process, if it descends from
  /// a followed one and was born a moment ago; at once where births are not heard of.
  /// Waits for the watcher's thread, 50 ms at most. Not to be called by a callback.
  virtual void HearOfBirth(const ProcessHandle& process) = 0;
  /// As Status().mode, cheaply.
  [[nodiscard]] virtual WakeMode mode() const = 0;
  [[nodiscard]] virtual WatcherStatus Status() const = 0;
};

}  // namespace surety
