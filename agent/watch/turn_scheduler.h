#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <set>
#include <thread>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "agent/watch/fair_queue.h"
#include "surety/scheduler.h"
#include "surety/unique_fd.h"

namespace surety {

enum class Turns {
  kNeverWait,
  kMayWait,  ///< For a moment. None is taken on the thread of whoever adds or hurries it.
};

/// Scheduler on `threads` threads, and one more that waits on a timerfd of
/// CLOCK_BOOTTIME, so that time spent in suspend counts.
class TurnScheduler final : public Scheduler {
 public:
  /// kInternal if the kernel gives no timer.
  static Result<std::unique_ptr<TurnScheduler>> Start(const Clock& clock, int threads,
                                                      Turns turns = Turns::kNeverWait);
  ~TurnScheduler() override;

  void Add(std::shared_ptr<ScheduledTurn> turn) override;
  void Hurry(const ScheduledTurn& turn) override;
  void Drop(const ScheduledTurn& turn) override;
  void Wake(const ScheduledTurn& turn) override;
  void WakeProcess(const ProcessKey& process) override;
  void WakeAll() override;

  /// Ends the threads after the turns they are taking. No turn is begun after
  /// it returns. The destructor does it where the owner has not.
  void Stop();

  [[nodiscard]] std::size_t ready() const;

  /// When a thread last finished a turn or found none to take, but no later than the
  /// oldest turn that is still being taken began, or that should have been by now: a
  /// watchdog's proof that the walk is alive.
  [[nodiscard]] BootTime last_alive() const;

 private:
  enum class State { kWaiting, kReady, kRunning };
  struct Slot {
    std::shared_ptr<ScheduledTurn> turn;
    ProcessKey process;
    State state = State::kWaiting;
    bool again = false;    // Woken while running.
    bool dropped = false;  // Dropped while ready or running.
    std::optional<BootTime> due{};
  };
  using Slots = std::unordered_map<const ScheduledTurn*, Slot>;

  TurnScheduler(const Clock& clock, UniqueFd timer, int most_running)
      : clock_(clock), timer_(std::move(timer)), most_running_(most_running) {}

  void Work();
  // Takes one turn of a slot that is in no queue. `lock` is held before and after.
  void Run(const std::shared_ptr<ScheduledTurn>& turn, std::unique_lock<std::mutex>& lock);
  [[nodiscard]] bool Idle() const;  // Expects mutex_ to be held.
  void WaitForTimer();
  // These expect mutex_ to be held.
  void MakeReady(Slot& slot);
  void SetDue(Slot& slot, std::optional<BootTime> due);
  void ArmTimer();
  void Erase(Slots::iterator at);

  const Clock& clock_;
  const UniqueFd timer_;
  const int most_running_;  // Beyond it a first turn queues like any other.
  std::vector<std::thread> threads_;

  mutable std::mutex mutex_;
  std::condition_variable work_;
  // All below guarded by mutex_.
  Slots slots_;
  std::unordered_map<ProcessKey, std::unordered_set<const ScheduledTurn*>> by_process_;
  std::set<std::pair<BootTime, const ScheduledTurn*>> timers_;
  FairQueue ready_;
  BootTime last_alive_{};
  std::multiset<BootTime> running_since_;  // Turns being taken, on whatever thread.
  bool stopping_ = false;
};

}  // namespace surety
