#pragma once

#include <atomic>
#include <mutex>
#include <optional>
#include <set>
#include <utility>

#include "agent/watch/descendants.h"
#include "agent/watch/followed.h"
#include "agent/watch/kernel_events.h"
#include "agent/watch/process_watcher.h"
#include "agent/watch/report_pace.h"
#include "agent/watch/sweep_pace.h"
#include "agent/watch/watch_inbox.h"

namespace surety {

/// What the watcher's thread says about itself. Thread-safe.
class WatchBoard {
 public:
  struct State {
    WatcherStatus status;
    WatchDetails details;
    bool decided = false;  ///< Whether events come is clear.
  };
  void Set(const State& state) {
    mode_ = state.status.mode;
    const std::lock_guard lock(mutex_);
    state_ = state;
  }
  [[nodiscard]] State Get() const {
    const std::lock_guard lock(mutex_);
    return state_;
  }
  [[nodiscard]] WakeMode mode() const { return mode_; }

 private:
  std::atomic<WakeMode> mode_{WakeMode::kSweep};
  mutable std::mutex mutex_;
  State state_;  // Guarded by mutex_.
};

/// What the watcher's thread does: waits for the kernel, looks, reports. All of it
/// belongs to the thread that calls Run; what is borrowed outlives it.
class WatchLoop {
 public:
  WatchLoop(const Clock& clock, ProcessOpener& opener, const WatcherEvents& events,
            const WatchOptions& options, UniqueFd epoll, WatchInbox& inbox, WatchBoard& board);

  /// Until the inbox says stop. `decided` is called once, when it is clear whether
  /// events come.
  void Run(const std::function<void()>& decided);

 private:
  void Wait();
  void Handle(std::uint64_t tag, BootTime now);
  [[nodiscard]] BootTime NextDue() const;
  [[nodiscard]] LookPlan PlanOf(bool everything) const;

  void TakeArrivals();
  void AnswerQuestions(BootTime now);
  void Arrive(Followed arrival);
  void RefreshFilter(BootTime now);
  void CheckArrivals(BootTime now);
  void Sweep(BootTime now);
  std::vector<std::pair<ProcessKey, WakeReason>> LookAtNext(std::size_t count, BootTime now);
  void EndRound(BootTime now);
  void LookAtEverything();
  void Publish();

  // Something may have changed: reports it now or lets it wait.
  void Notice(Followed& followed, WakeReason reason, BootTime now);
  void ReportDue(BootTime now);
  void Report(Followed& followed, WakeReason reason);
  void Lost(BootTime now);
  void Exited(Followed& followed);

  const Clock& clock_;
  const WatcherEvents& events_;
  const UniqueFd epoll_;
  WatchInbox& inbox_;
  WatchBoard& board_;

  FollowedTable table_;
  KernelEvents kernel_;
  Descendants descendants_;
  std::set<std::pair<BootTime, pid_t>> waiting_;  // Reports that are not due yet.
  ReportPace lost_pace_;

  bool filter_is_stale_ = false;
  std::size_t dead_in_filter_ = 0;
  BootTime filter_due_{};
  std::vector<ProcessKey> unfiltered_;  // Followed before the filter named them.

  SweepPace sweep_;
  pid_t swept_ = 0;
  std::uint64_t rounds_ = 0;
  std::uint64_t everything_until_ = 0;  // Rounds before this one take nothing for unchanged.
  BootTime round_began_{};
  BootClock::duration last_round_{};
  bool old_cgroups_;  // Whether there are others than cgroup v2.
};

}  // namespace surety
