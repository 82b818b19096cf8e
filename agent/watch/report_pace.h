#pragma once

#include <optional>

#include "surety/clock.h"
#include "surety/watcher.h"

namespace surety {

/// Spaces out what is reported of one process, so that one that execs in a loop
/// cannot flood the daemon. The first report leaves at once; the next waits until
/// `shortest` has passed, and twice as long each time while there is more to report,
/// up to `longest`. None is lost: what waits is merged under its most important
/// reason. Pure; one owner.
class ReportPace {
 public:
  ReportPace(BootClock::duration shortest, BootClock::duration longest)
      : shortest_(shortest), longest_(longest), gap_(shortest) {}

  /// Something has happened. What is to be reported now; nullopt if that waits.
  std::optional<WakeReason> Happened(WakeReason reason, BootTime now);

  /// When Take is to be called; nullopt if nothing waits.
  [[nodiscard]] std::optional<BootTime> due() const;

  /// What has waited, if its time has come.
  std::optional<WakeReason> Take(BootTime now);

 private:
  const BootClock::duration shortest_;
  const BootClock::duration longest_;
  BootClock::duration gap_;
  BootTime open_at_{};
  std::optional<WakeReason> waiting_;
};

}  // namespace surety
