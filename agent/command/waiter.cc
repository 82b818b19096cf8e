#include "agent/command/waiter.h"

#include <condition_variable>
#include <mutex>

namespace surety {

bool StoppableWaiter::Wait(std::chrono::milliseconds time) {
  std::mutex mutex;
  std::condition_variable_any changed;
  std::unique_lock lock(mutex);
  changed.wait_for(lock, stop_, time, [] { return false; });
  return !stop_.stop_requested();
}

}  // namespace surety
