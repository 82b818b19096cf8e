#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "surety/clock.h"
#include "surety/process.h"
#include "surety/result.h"
#include "surety/watcher.h"

namespace surety {

struct WatchOptions {
  /// Every followed process is looked at this often …
  BootClock::duration sweep_interval = std::chrono::milliseconds(250);
  /// … as long as that takes at most this share of one core (0 to 1); beyond it the
  /// interval grows. Looking for children where no events come may take a quarter more.
  double sweep_share = 0.02;
  /// Followed at most. Each holds the two descriptors of its handle, and a probe.
  std::size_t most_followed = 8192;
  /// How many of them get an ExecProbe, which is one descriptor.
  std::size_t most_probes = 4096;
  /// False: no kernel events, only sweeps.
  bool use_events = true;
  /// Room for unread events, for each of two sockets (socket(7), SO_RCVBUF).
  int event_buffer_bytes = 4 << 20;
  /// How often it is proven that events come, and tried again where they do not.
  BootClock::duration prove_events_every = std::chrono::seconds(10);
  BootClock::duration retry_events_every = std::chrono::minutes(1);
};

/// What WatcherStatus has no room for.
struct WatchDetails {
  BootClock::duration sweep_interval{};  ///< As it really is.
  BootClock::duration look_cost{};       ///< CPU time for one process, on average.
  std::size_t descendants = 0;           ///< Processes known as followed ones or as born of them.
  std::size_t refused = 0;               ///< Not followed for want of room, ever.
};

/// The watcher on Linux, with one thread of its own (docs/decisions/008-wake-ups.md).
///
/// Whatever changes after Follow has returned is reported: exec, ids, session and
/// tracer by events of the kernel within a fraction of a millisecond, exit by the
/// pidfd, everything else (namespaces, cgroups, capabilities, no_new_privs, seccomp,
/// executable, parent) by a sweep. Where the kernel gives no events, the sweep
/// finds all of it. Not seen: what a thread that is not the main one does to its own
/// ids, namespaces and capabilities, as far as no event tells of it; and a tracer that
/// came and let go within the milliseconds before events of a new process pass.
///
/// `changed` is called at most once within 5 ms for one process (40 ms if it does
/// not stop), never too seldom: the last change of a burst is reported too. `lost`
/// is called at most once a second. `exited` is called exactly once for each
/// process; after it the process's handle is released and its key is never reported
/// again. No callback is called with a lock held; they may call Follow and Status.
class ProcessWatcher final : public Watcher {
 public:
  /// Returns when it is clear whether events come, within a second. `clock` and
  /// `opener` are borrowed. kInternal, kResourceExhausted: no descriptor or thread.
  static Result<std::unique_ptr<ProcessWatcher>> Start(const Clock& clock, ProcessOpener& opener,
                                                       WatcherEvents events, WatchOptions options);
  /// As Stop.
  ~ProcessWatcher() override;

  /// Looks at the process once, which takes some 50 µs of CPU; what is followed
  /// already costs nothing. Beyond `most_followed` it is not followed.
  void Follow(std::shared_ptr<const ProcessHandle> process) override;
  void HearOfBirth(const ProcessHandle& process) override;
  [[nodiscard]] WakeMode mode() const override;
  /// `last_sweep` is how long the last round over all processes took, pauses included.
  [[nodiscard]] WatcherStatus Status() const override;
  [[nodiscard]] WatchDetails Details() const;

  /// Ends the thread. No callback runs after it has returned. Not to be called
  /// from a callback.
  void Stop();

 private:
  class Parts;
  explicit ProcessWatcher(std::unique_ptr<Parts> parts);
  const std::unique_ptr<Parts> parts_;
};

}  // namespace surety
