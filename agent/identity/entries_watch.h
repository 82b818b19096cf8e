#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <thread>

#include "surety/result.h"
#include "surety/unique_fd.h"

namespace surety {

struct WatchTimes {
  std::chrono::milliseconds quiet{50};       ///< Changes are told after this long without another,
  std::chrono::milliseconds at_latest{250};  ///< but this long after the first at the latest.
  std::chrono::milliseconds sweep{5'000};    ///< How often to look without having been told.
};

/// Tells when a folder of entry or policy files may have changed: a file created, moved,
/// removed, written or given another owner or mode, and the folder itself gone,
/// replaced or back again. inotify(7) says so at once; where it does not (what a
/// symbolic link leads to, a file system of another machine, lost events) a
/// sweep notices within WatchTimes::sweep.
///
/// A watch never decides: it calls, and the one who is called reads the folder.
class EntriesWatch {
 public:
  /// Starts watching before it returns, so that a load that follows misses
  /// nothing. `changed` is called on a thread of the watch, one call at a time,
  /// and must not destroy the watch. The folder need not exist yet.
  /// kResourceExhausted where the system gives no inotify instance.
  static Result<std::unique_ptr<EntriesWatch>> Start(std::string folder,
                                                     std::function<void()> changed,
                                                     WatchTimes times = {});

  /// Waits for a call that is under way; none follows.
  ~EntriesWatch();
  EntriesWatch(const EntriesWatch&) = delete;
  EntriesWatch& operator=(const EntriesWatch&) = delete;

 private:
  class Loop;
  EntriesWatch(UniqueFd stop, std::unique_ptr<Loop> loop);

  const UniqueFd stop_;  // An eventfd; readable means end.
  std::thread thread_;
};

}  // namespace surety
