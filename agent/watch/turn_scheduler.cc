#include "agent/watch/turn_scheduler.h"

#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <iterator>

#include "agent/watch/shared_moment.h"

namespace surety {
namespace {

// How often an idle pool shows that it is alive.
constexpr std::chrono::seconds kPulse{1};

itimerspec At(BootTime when) {
  const auto since_boot = std::max(when.time_since_epoch(), BootClock::duration(1));
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(since_boot);
  itimerspec spec{};
  spec.it_value.tv_sec = seconds.count();
  spec.it_value.tv_nsec = (since_boot - seconds).count();
  return spec;
}

}  // namespace

Result<std::unique_ptr<TurnScheduler>> TurnScheduler::Start(const Clock& clock, int threads,
                                                            Turns turns) {
  UniqueFd timer(::timerfd_create(CLOCK_BOOTTIME, TFD_CLOEXEC));
  if (!timer)
    return Error(ErrorCode::kInternal, std::string("timerfd_create: ") + std::strerror(errno));
  std::unique_ptr<TurnScheduler> scheduler(
      new TurnScheduler(clock, std::move(timer), turns == Turns::kNeverWait ? threads : 0));
  scheduler->last_alive_ = clock.Now().boot;
  for (int i = 0; i < threads; ++i)
    scheduler->threads_.emplace_back([self = scheduler.get()] { self->Work(); });
  scheduler->threads_.emplace_back([self = scheduler.get()] { self->WaitForTimer(); });
  return scheduler;
}

TurnScheduler::~TurnScheduler() { Stop(); }

void TurnScheduler::Stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    const itimerspec now = At(BootTime{});
    ::timerfd_settime(timer_.get(), TFD_TIMER_ABSTIME, &now, nullptr);
  }
  work_.notify_all();
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
}

void TurnScheduler::Add(std::shared_ptr<ScheduledTurn> turn) {
  std::unique_lock lock(mutex_);
  const ProcessKey process = turn->process();
  const auto [at, inserted] =
      slots_.try_emplace(turn.get(), Slot{.turn = turn, .process = process});
  if (!inserted) return;
  by_process_[process].insert(turn.get());
  if (Idle())
    Run(turn, lock);
  else
    MakeReady(at->second);
}

void TurnScheduler::Hurry(const ScheduledTurn& turn) {
  std::unique_lock lock(mutex_);
  const auto at = slots_.find(&turn);
  if (at == slots_.end()) return;
  if (at->second.state != State::kWaiting || !Idle()) return MakeReady(at->second);
  SetDue(at->second, std::nullopt);
  const std::shared_ptr<ScheduledTurn> keep = at->second.turn;
  Run(keep, lock);
}

bool TurnScheduler::Idle() const {
  return ready_.size() == 0 && std::ssize(running_since_) < most_running_ && !stopping_;
}

void TurnScheduler::Drop(const ScheduledTurn& turn) {
  const std::lock_guard lock(mutex_);
  const auto at = slots_.find(&turn);
  if (at == slots_.end()) return;
  if (at->second.state == State::kWaiting)
    Erase(at);
  else
    at->second.dropped = true;
}

void TurnScheduler::Wake(const ScheduledTurn& turn) {
  const std::lock_guard lock(mutex_);
  if (const auto at = slots_.find(&turn); at != slots_.end()) MakeReady(at->second);
}

void TurnScheduler::WakeProcess(const ProcessKey& process) {
  const std::lock_guard lock(mutex_);
  const auto at = by_process_.find(process);
  if (at == by_process_.end()) return;
  for (const ScheduledTurn* turn : at->second) MakeReady(slots_.at(turn));
}

void TurnScheduler::WakeAll() {
  const std::lock_guard lock(mutex_);
  for (auto& [turn, slot] : slots_) MakeReady(slot);
}

std::size_t TurnScheduler::ready() const {
  const std::lock_guard lock(mutex_);
  return ready_.size();
}

BootTime TurnScheduler::last_alive() const {
  const std::lock_guard lock(mutex_);
  BootTime alive = last_alive_;
  if (!running_since_.empty()) alive = std::min(alive, *running_since_.begin());
  if (!timers_.empty()) alive = std::min(alive, timers_.begin()->first);
  return alive;
}

void TurnScheduler::Work() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    if (ready_.size() == 0) {
      work_.wait_for(lock, kPulse);
      last_alive_ = clock_.Now().boot;
      continue;
    }
    Run(ready_.Pop(), lock);
  }
}

void TurnScheduler::Run(const std::shared_ptr<ScheduledTurn>& turn,
                        std::unique_lock<std::mutex>& lock) {
  Slot& slot = slots_.at(turn.get());
  if (slot.dropped) return Erase(slots_.find(turn.get()));
  slot.state = State::kRunning;
  slot.again = false;
  const Moment now = clock_.Now();
  const auto began = running_since_.insert(now.boot);

  lock.unlock();
  const std::optional<BootTime> next = turn->Take(now);
  lock.lock();

  running_since_.erase(began);
  last_alive_ = clock_.Now().boot;
  // References into an unordered_map survive insertions, and only this thread
  // erases a running slot.
  if (slot.dropped || !next) return Erase(slots_.find(turn.get()));
  slot.state = State::kWaiting;
  if (slot.again)
    MakeReady(slot);
  else
    SetDue(slot, *next);
}

void TurnScheduler::WaitForTimer() {
  while (true) {
    std::uint64_t expirations = 0;
    const ssize_t got = ::read(timer_.get(), &expirations, sizeof expirations);
    const std::lock_guard lock(mutex_);
    if (stopping_) return;
    if (got != sizeof expirations) continue;
    const BootTime now = clock_.Now().boot;
    while (!timers_.empty() && timers_.begin()->first <= now)
      MakeReady(slots_.at(timers_.begin()->second));
    ArmTimer();
  }
}

void TurnScheduler::MakeReady(Slot& slot) {
  if (slot.state == State::kRunning) slot.again = true;
  if (slot.state != State::kWaiting) return;
  SetDue(slot, std::nullopt);
  slot.state = State::kReady;
  ready_.Push(slot.turn);
  work_.notify_one();
}

void TurnScheduler::SetDue(Slot& slot, std::optional<BootTime> due) {
  if (slot.due) timers_.erase({*slot.due, slot.turn.get()});
  if (due) due = SharedMoment(*due, clock_.Now().boot);
  slot.due = due;
  if (!due) return;
  timers_.insert({*due, slot.turn.get()});
  if (timers_.begin()->second == slot.turn.get()) ArmTimer();
}

void TurnScheduler::ArmTimer() {
  if (timers_.empty()) return;
  const itimerspec spec = At(timers_.begin()->first);
  ::timerfd_settime(timer_.get(), TFD_TIMER_ABSTIME, &spec, nullptr);
}

void TurnScheduler::Erase(Slots::iterator at) {
  SetDue(at->second, std::nullopt);
  const auto process = by_process_.find(at->second.process);
  process->second.erase(at->first);
  if (process->second.empty()) by_process_.erase(process);
  slots_.erase(at);
}

}  // namespace surety
