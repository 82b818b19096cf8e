#include <algorithm>

#include "surety/svid_stream.h"

namespace surety {

BootTime TurnRetry::After(BootTime now) {
  delay_ = std::clamp(delay_ * 2, times_.first_retry, times_.last_retry);
  return now + delay_;
}

bool TurnRetry::GaveUp(BootTime now) {
  if (!first_turn_) first_turn_ = now;
  return now - *first_turn_ >= times_.first_answer;
}

}  // namespace surety
