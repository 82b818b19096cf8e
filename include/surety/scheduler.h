#pragma once

#include <sys/types.h>

#include <functional>
#include <memory>
#include <optional>

#include "surety/clock.h"
#include "surety/process.h"

namespace surety {

/// Something that takes turns: a stream.
class ScheduledTurn {
 public:
  virtual ~ScheduledTurn() = default;
  /// Takes one turn and says when to be called next, which may be a sixteenth of the wait
  /// later, so that turns share wake-ups; nullopt: never again.
  /// Called by one thread at a time.
  virtual std::optional<BootTime> Take(Moment now) = 0;
  /// Which process this is for, and whose share of the threads it uses.
  [[nodiscard]] virtual ProcessKey process() const = 0;
  [[nodiscard]] virtual uid_t share() const = 0;
};

/// Calls turns when they are due, on a small fixed pool of threads. A wake-up
/// only brings a turn forward; one that comes while the turn is being taken has
/// it taken once more. When more turns are ready than there are threads, uids
/// are served in rotation, so that one uid's flood delays that uid alone.
/// Thread-safe. Threads: agent/watch/turn_scheduler.h.
class Scheduler {
 public:
  virtual ~Scheduler() = default;
  /// Schedules a first turn at once and shares ownership until it says nullopt
  /// or is dropped. While nothing else waits, that turn is taken on the caller's
  /// own thread before this returns, which saves two changes of thread; unless turns
  /// may wait, as those that ask an external hook do.
  virtual void Add(std::shared_ptr<ScheduledTurn> turn) = 0;
  /// As Wake, for a turn that somebody waits for: taken on the caller's own thread
  /// like a first one.
  virtual void Hurry(const ScheduledTurn& turn) = 0;
  /// No further turn. One that is being taken on another thread may still be
  /// running when this returns.
  virtual void Drop(const ScheduledTurn& turn) = 0;
  virtual void Wake(const ScheduledTurn& turn) = 0;
  virtual void WakeProcess(const ProcessKey& process) = 0;
  virtual void WakeAll() = 0;
};

}  // namespace surety
