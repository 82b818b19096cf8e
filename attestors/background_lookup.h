#pragma once

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <stop_token>
#include <string>
#include <unordered_map>
#include <utility>

#include "attestors/worker_pool.h"
#include "surety/clock.h"
#include "surety/result.h"

namespace surety {

/// For how long answers hold. An Error does not displace an answer that is still
/// kept.
struct LookupTimes {
  std::chrono::milliseconds fresh{10'000};    ///< An answer is given as it is.
  std::chrono::milliseconds kept{60'000};     ///< Older: given, and worked out anew behind it.
  std::chrono::milliseconds failed{1'000};    ///< An Error is given again for this long.
  std::chrono::milliseconds overdue{30'000};  ///< Work that runs this long counts as hanging.
  /// What somebody was told to come again for is given to whoever asks first, however
  /// old, up to this: who comes again late must not be put off for ever. An Error that
  /// is no older is given in the place of "still under way" while it is tried again.
  std::chrono::milliseconds owed{0};
};

/// Answers by key that are worked out on a WorkerPool and remembered, the least
/// recently asked forgotten first. Nobody waits for an answer beyond the few
/// milliseconds that they ask for.
///
/// Thread-safe. Work in progress owns the memory that it writes its answer to,
/// and may outlive this object.
template <typename Key, typename Value, typename Hash = std::hash<Key>>
class BackgroundLookup {
 public:
  using Compute = std::function<Result<Value>(const std::stop_token&)>;
  using Now = std::function<BootTime()>;

  /// `what` names the work in errors: "hashing the executable".
  BackgroundLookup(std::string what, std::shared_ptr<WorkerPool> pool, LookupTimes times,
                   std::size_t capacity, Now now)
      : what_(std::move(what)),
        pool_(std::move(pool)),
        times_(times),
        capacity_(capacity),
        now_(std::move(now)),
        book_(std::make_shared<Book>()) {}

  /// The answer, or the Error that working it out gave; else kUnavailable while
  /// it is worked out, kDeadline once that takes longer than `overdue`, and
  /// kUnavailable where no more work is accepted. `make_compute()` is called
  /// when there is something to work out and gives a Compute or an Error; it
  /// runs on the calling thread. A call that starts work waits for it up to
  /// `patience`, but only while most of the pool is free.
  template <typename MakeCompute>
  Result<Value> Get(const Key& key, uid_t share, BootClock::duration patience,
                    MakeCompute&& make_compute) {
    std::unique_lock lock(book_->mutex);
    const BootTime now = now_();
    Slot& slot = Touch(key);
    const bool kept = slot.answer && !slot.afresh.contains(share);
    if (kept && !slot.running && slot.answered >= slot.since && now - slot.answered < times_.owed &&
        std::exchange(slot.owed, false))
      return *slot.answer;
    const bool servable = kept && *slot.answer && now - slot.answered < times_.kept;
    const bool settled = kept && now < slot.renew && (servable || !*slot.answer);
    if (settled) return *slot.answer;
    slot.owed |= !servable;
    if (slot.running) return servable ? *slot.answer : Meanwhile(slot, share, now);

    Result<Compute> compute = make_compute();
    if (!compute) return compute.error();
    slot.running = true;
    slot.since = now;
    const auto submission = pool_->Submit(share, Job(key, *std::move(compute)));
    if (submission == WorkerPool::Submission::kRefused) {
      slot.running = false;
      if (servable) return *slot.answer;
      return Error(ErrorCode::kUnavailable, what_ + " has to wait: too much is asked for");
    }
    if (servable) return *slot.answer;
    const Error meanwhile = Meanwhile(slot, share, now);
    if (submission == WorkerPool::Submission::kStarted && patience.count() > 0 && pool_->Quiet())
      if (auto answer = Await(lock, key, patience)) return *std::move(answer);
    return meanwhile;
  }

  /// What `share` asks from now on is worked out from now on: for it the answer is
  /// dropped, and that of work which is under way. Others keep what there is, since
  /// else one that is looked at again and again would keep them waiting.
  void Forget(const Key& key, uid_t share) {
    const std::lock_guard lock(book_->mutex);
    const auto at = book_->slots.find(key);
    if (at == book_->slots.end()) return;
    at->second.afresh.insert(share);
    at->second.outdated = at->second.running;
  }

 private:
  struct Slot {
    std::optional<Result<Value>> answer;
    BootTime answered{};     // When `answer` was worked out.
    BootTime renew{};        // When to work it out again.
    BootTime since{};        // When the running work was asked for.
    bool running = false;    // A running slot is not thrown out.
    bool owed = false;       // Somebody was told to come again.
    std::set<uid_t> afresh;  // Those for whom the answer is dropped.
    bool outdated = false;   // The running work began before Forget: it is not for them.
    typename std::list<Key>::iterator place;
  };
  // Shared with the work in progress.
  struct Book {
    std::mutex mutex;
    std::condition_variable answered;
    std::unordered_map<Key, Slot, Hash> slots;  // By mutex.
    std::list<Key> order;                       // By mutex. Last asked first.
  };

  // The slot of this key, made if there is none, now the last one to be forgotten.
  Slot& Touch(const Key& key) {
    Book& book = *book_;
    if (const auto known = book.slots.find(key); known != book.slots.end()) {
      book.order.splice(book.order.begin(), book.order, known->second.place);
      return known->second;
    }
    if (book.slots.size() >= capacity_) ForgetOne();
    book.order.push_front(key);
    Slot& slot = book.slots[key];
    slot.place = book.order.begin();
    return slot;
  }

  void ForgetOne() {
    Book& book = *book_;
    const auto idle = std::find_if(book.order.rbegin(), book.order.rend(),
                                   [&](const Key& key) { return !book.slots.at(key).running; });
    if (idle == book.order.rend()) return;
    book.slots.erase(*idle);
    book.order.erase(std::prev(idle.base()));
  }

  // What is said of work that is under way.
  [[nodiscard]] Error Meanwhile(const Slot& slot, uid_t share, BootTime now) const {
    if (slot.answer && !*slot.answer && !slot.afresh.contains(share) &&
        now - slot.answered < times_.owed)
      return slot.answer->error();
    if (now - slot.since < times_.overdue)
      return {ErrorCode::kUnavailable, what_ + " is still under way"};
    return {ErrorCode::kDeadline,
            what_ + " has had no end for " + std::to_string(times_.overdue.count() / 1000) + " s"};
  }

  WorkerPool::Work Job(const Key& key, Compute compute) const {
    return [book = book_, now = now_, times = times_, key,
            compute = std::move(compute)](const std::stop_token& stop) {
      Result<Value> answer = compute(stop);
      const std::lock_guard lock(book->mutex);
      Slot& slot = book->slots.at(key);
      const BootTime ended = now();
      slot.running = false;
      book->answered.notify_all();
      const bool current = !std::exchange(slot.outdated, false);
      slot.renew = ended + (answer ? times.fresh : times.failed);
      const bool servable = slot.answer && *slot.answer && ended - slot.answered < times.kept;
      // An Error that displaces what there was is as new as an answer.
      if (current && (answer || !servable)) slot.afresh.clear();
      if (answer || !servable) {
        slot.answer = std::move(answer);
        slot.answered = ended;
      }
    };
  }

  // nullopt if it is not there in time.
  std::optional<Result<Value>> Await(std::unique_lock<std::mutex>& lock, const Key& key,
                                     BootClock::duration patience) {
    std::optional<Result<Value>> answer;
    book_->answered.wait_for(lock, patience, [&] {
      // Found anew each time: it may have been answered and forgotten meanwhile.
      const auto at = book_->slots.find(key);
      if (at == book_->slots.end()) return true;
      if (!at->second.running) answer = at->second.answer;
      if (answer) at->second.owed = false;
      return answer.has_value();
    });
    return answer;
  }

  const std::string what_;
  const std::shared_ptr<WorkerPool> pool_;
  const LookupTimes times_;
  const std::size_t capacity_;
  const Now now_;
  const std::shared_ptr<Book> book_;
};

}  // namespace surety
