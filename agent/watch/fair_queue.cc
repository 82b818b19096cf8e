#include "agent/watch/fair_queue.h"

#include <utility>

namespace surety {

void FairQueue::Push(std::shared_ptr<ScheduledTurn> turn) {
  const uid_t uid = turn->share();
  auto& queue = queues_[uid];
  if (queue.empty()) rotation_.push_back(uid);
  queue.push_back(std::move(turn));
  ++size_;
}

std::shared_ptr<ScheduledTurn> FairQueue::Pop() {
  if (rotation_.empty()) return nullptr;
  const uid_t uid = rotation_.front();
  rotation_.pop_front();
  const auto at = queues_.find(uid);
  auto turn = std::move(at->second.front());
  at->second.pop_front();
  --size_;
  if (at->second.empty())
    queues_.erase(at);
  else
    rotation_.push_back(uid);
  return turn;
}

}  // namespace surety
