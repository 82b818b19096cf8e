#include "attestors/worker_pool.h"

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <list>
#include <map>
#include <mutex>
#include <optional>
#include <system_error>
#include <thread>
#include <utility>

namespace surety {

struct WorkerPool::State {
  explicit State(Limits its_limits) : limits(its_limits) {}

  struct Share {
    std::deque<Work> waiting;
    std::size_t running = 0;
  };
  using Shares = std::map<uid_t, Share>;

  // The next piece of work in turn, or nothing. Called with the mutex held.
  std::optional<std::pair<uid_t, Work>> TakeNext() {
    auto at = shares.upper_bound(last_served);
    for (std::size_t i = 0; i < shares.size(); ++i, ++at) {
      if (at == shares.end()) at = shares.begin();
      Share& share = at->second;
      if (share.waiting.empty() || share.running >= limits.threads_per_share) continue;
      last_served = at->first;
      ++share.running;
      ++busy;
      --queued;
      Work work = std::move(share.waiting.front());
      share.waiting.pop_front();
      return std::pair(at->first, std::move(work));
    }
    return std::nullopt;
  }

  void Finish(uid_t share) {
    --busy;
    const auto at = shares.find(share);
    if (--at->second.running == 0 && at->second.waiting.empty()) shares.erase(at);
  }

  // One thread's life.
  void Run() {
    std::unique_lock lock(mutex);
    while (!stop.stop_requested()) {
      if (auto next = TakeNext()) {
        lock.unlock();
        next->second(stop.get_token());
        next->second = nullptr;  // Frees what the work owns before its slot is free.
        lock.lock();
        Finish(next->first);
        continue;
      }
      ++idle;
      const auto outcome = wake.wait_for(lock, limits.idle);
      --idle;
      if (outcome == std::cv_status::timeout && queued == 0) break;
    }
    --threads;
    if (const auto own =
            std::ranges::find(running, std::this_thread::get_id(), &std::thread::get_id);
        own != running.end())
      over.splice(over.end(), running, own);
    ended.notify_all();
  }

  // Whose life is over: they only have to leave what libraries keep for a thread. Called
  // with the mutex held, which none of them takes again.
  void JoinThoseThatAreOver() {
    for (std::thread& thread : over) thread.join();
    over.clear();
  }

  const Limits limits;
  std::stop_source stop;  // Own lock.

  std::mutex mutex;
  std::condition_variable wake;
  std::condition_variable ended;
  Shares shares;  // By mutex, as all that follows. Holds only shares with work.
  uid_t last_served = 0;
  std::size_t queued = 0;
  std::size_t threads = 0;
  std::list<std::thread> running;
  std::list<std::thread> over;
  std::size_t idle = 0;
  std::size_t busy = 0;
};

WorkerPool::WorkerPool(Limits limits) : state_(std::make_shared<State>(limits)) {}

WorkerPool::~WorkerPool() {
  std::unique_lock lock(state_->mutex);
  state_->stop.request_stop();
  state_->queued = 0;
  // Work may own much; nobody will ask for its answer any more.
  for (auto& [uid, share] : state_->shares) share.waiting.clear();
  state_->wake.notify_all();
  state_->ended.wait_for(lock, state_->limits.grace, [&] { return state_->threads == 0; });
  state_->JoinThoseThatAreOver();
  for (std::thread& stuck : state_->running) stuck.detach();
  state_->running.clear();
}

WorkerPool::Submission WorkerPool::Submit(uid_t share, Work work) {
  const std::lock_guard lock(state_->mutex);
  State& state = *state_;
  state.JoinThoseThatAreOver();
  const auto known = state.shares.find(share);
  const std::size_t running = known == state.shares.end() ? 0 : known->second.running;
  const std::size_t waiting = known == state.shares.end() ? 0 : known->second.waiting.size();
  if (state.queued >= state.limits.queue || waiting >= state.limits.queue_per_share)
    return Submission::kRefused;

  if (state.idle <= state.queued && state.threads < state.limits.threads) {
    try {
      state.running.emplace_back([shared = state_] { shared->Run(); });
      ++state.threads;
    } catch (const std::system_error&) {
      if (state.threads == 0) return Submission::kRefused;
    }
  }
  state.shares[share].waiting.push_back(std::move(work));
  ++state.queued;
  state.wake.notify_one();
  const bool at_once =
      running + waiting < state.limits.threads_per_share && state.busy < state.limits.threads;
  return at_once ? Submission::kStarted : Submission::kQueued;
}

bool WorkerPool::Quiet() const {
  const std::lock_guard lock(state_->mutex);
  return 2 * state_->busy < state_->limits.threads;
}

}  // namespace surety
