#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <stop_token>

namespace surety {

/// Threads for work that may hang on something that a workload or a name service
/// controls. Work belongs to a uid, its share: one share never has more than
/// `threads_per_share` threads or `queue_per_share` places, and shares take
/// turns, so that a uid whose work hangs holds up only itself.
///
/// Thread-safe. Threads start on demand and end when idle. The destructor asks
/// running work to stop and waits `grace` for it at most: work stuck inside the
/// kernel is left behind with all that it owns, rather than holding up the exit.
class WorkerPool {
 public:
  struct Limits {
    std::size_t threads = 16;
    std::size_t threads_per_share = 2;
    std::size_t queue = 1024;
    std::size_t queue_per_share = 64;
    std::chrono::milliseconds idle{10'000};  ///< After which a thread without work ends.
    std::chrono::milliseconds grace{1'000};  ///< How long destruction waits at most.
  };
  /// Must not throw and must own what it touches: it may outlive the pool.
  using Work = std::function<void(const std::stop_token&)>;
  enum class Submission {
    kStarted,  ///< A thread takes it up at once.
    kQueued,   ///< It waits for other work.
    kRefused,  ///< The queue is full, or no thread could be started.
  };

  explicit WorkerPool(Limits limits);
  ~WorkerPool();
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;

  Submission Submit(uid_t share, Work work);

  /// Fewer than half of the threads are at work.
  [[nodiscard]] bool Quiet() const;

 private:
  struct State;
  const std::shared_ptr<State> state_;  // Shared with the threads.
};

}  // namespace surety
