#include "agent/watch/report_pace.h"

#include <algorithm>

#include "agent/watch/process_look.h"

namespace surety {

std::optional<WakeReason> ReportPace::Happened(WakeReason reason, BootTime now) {
  if (waiting_ || now < open_at_) {
    waiting_ = waiting_ ? Worse(*waiting_, reason) : reason;
    return Take(now);
  }
  if (now - open_at_ >= gap_) gap_ = shortest_;
  open_at_ = now + gap_;
  return reason;
}

std::optional<BootTime> ReportPace::due() const {
  if (!waiting_) return std::nullopt;
  return open_at_;
}

std::optional<WakeReason> ReportPace::Take(BootTime now) {
  if (!waiting_ || now < open_at_) return std::nullopt;
  gap_ = std::min(2 * gap_, longest_);
  open_at_ = now + gap_;
  return std::exchange(waiting_, std::nullopt);
}

}  // namespace surety
