#pragma once

#include <sys/types.h>

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "agent/watch/proc_connector.h"
#include "agent/watch/read_pace.h"
#include "surety/clock.h"
#include "surety/watcher.h"

namespace surety {

/// The kernel's events about processes, as long as they come.
///
/// Two subscriptions: one for what happens to the processes that are followed, read
/// at once; one for the births of all processes, read at most every 5 ms, since only
/// whoever sees all of them can tell whose grandchild an orphan is.
///
/// Being subscribed proves nothing (somebody else's subscription can make events come
/// in a namespace where ours is ignored, and they stop with it). So events count as
/// coming only if the kernel has acknowledged the request, and if the renaming of our
/// own thread to its own name, repeated every `prove_every`, comes back as an event.
/// Where they do not come, it is tried again every `retry_every`.
///
/// Belongs to the thread that calls it first. `sink` is called by it, from within
/// Tend and Readable.
class KernelEvents {
 public:
  struct Sink {
    std::function<void(pid_t process, WakeReason reason)> happened;
    std::function<void(pid_t process, pid_t tracer)> traced;  ///< And then `happened`.
    std::function<void(pid_t parent, pid_t child)> forked;
    std::function<void()> lost;
  };
  struct Options {
    bool wanted = true;  ///< False: never tried.
    int buffer_bytes = 4 << 20;
    BootClock::duration prove_every = std::chrono::seconds(10);
    BootClock::duration retry_every = std::chrono::minutes(1);
  };

  /// `epoll` is borrowed; it reports the sockets under the data `tag` + 0 and + 1.
  KernelEvents(int epoll, std::uint64_t tag, Options options, Sink sink);

  /// Does whatever is due: subscribes, proves, listens again after a pause.
  void Tend(BootTime now);
  [[nodiscard]] BootTime due() const;

  /// Reads what has come. `which` is what the epoll data has above `tag`.
  void Readable(std::size_t which, BootTime now);
  /// Reads all births that the kernel has told of by now.
  void ReadBirths(BootTime now) { Readable(kBirths, now); }

  /// From now on events of these processes come. Cheap to call when there is no
  /// subscription; the processes are remembered for the next one.
  void Follow(std::vector<pid_t> processes);

  /// Whether events come, or what keeps them from coming.
  [[nodiscard]] bool working() const { return why_not_.empty(); }
  [[nodiscard]] const std::string& why_not() const { return why_not_; }
  /// Whether the first attempt has succeeded or failed.
  [[nodiscard]] bool decided() const { return decided_; }
  [[nodiscard]] std::uint64_t events_total() const { return events_; }
  [[nodiscard]] std::uint64_t overflows_total() const { return overflows_; }

 private:
  static constexpr std::size_t kFollowed = 0;
  static constexpr std::size_t kBirths = 1;
  struct Feed {
    ReadPace pace;
    std::optional<ProcConnector> connector{};
    bool proven = false;
    std::optional<BootTime> listen_at{};  // Not listened to until then.
  };

  void Subscribe(BootTime now);
  Result<void> Open(std::size_t which, const SocketFilter& filter);
  void Prove(BootTime now);
  void JudgeProof(BootTime now);
  void GiveUp(std::string why, BootTime now);
  void Take(Feed& feed, const ProcEvent& event);
  void Listen(std::size_t which, int operation);

  const int epoll_;
  const std::uint64_t tag_;
  const Options options_;
  const Sink sink_;
  std::array<Feed, 2> feeds_;
  std::vector<pid_t> followed_;
  pid_t own_thread_ = 0;
  bool subscribed_ = false;
  bool decided_ = false;
  std::string why_not_;
  BootTime next_try_{};                   // To subscribe or, once subscribed, to prove.
  std::optional<BootTime> proof_ends_{};  // A proof is awaited until then.
  std::uint64_t events_ = 0;
  std::uint64_t overflows_ = 0;
};

}  // namespace surety
