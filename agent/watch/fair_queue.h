#pragma once

#include <sys/types.h>

#include <cstddef>
#include <deque>
#include <map>
#include <memory>

#include "surety/scheduler.h"

namespace surety {

/// Ready turns, one queue for each uid, served in rotation: with n uids waiting,
/// every uid gets each n-th turn, however long its own queue is. Not
/// thread-safe.
class FairQueue {
 public:
  void Push(std::shared_ptr<ScheduledTurn> turn);
  /// The next turn; null when none is ready.
  std::shared_ptr<ScheduledTurn> Pop();
  [[nodiscard]] std::size_t size() const { return size_; }

 private:
  std::map<uid_t, std::deque<std::shared_ptr<ScheduledTurn>>> queues_;  // None of them empty.
  std::deque<uid_t> rotation_;  // Every uid of queues_, the next one first.
  std::size_t size_ = 0;
};

}  // namespace surety
