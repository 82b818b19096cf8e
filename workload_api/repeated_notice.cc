#include "workload_api/repeated_notice.h"

namespace surety {

bool RepeatedNotice::Tell(Details details) {
  {
    const std::lock_guard lock(mutex_);
    last_ = std::move(details);
    ++untold_;
  }
  return TellIfDue();
}

void RepeatedNotice::Tick() { static_cast<void>(TellIfDue()); }

bool RepeatedNotice::TellIfDue() {
  const Moment now = clock_.Now();
  Details details;
  {
    const std::lock_guard lock(mutex_);
    if (untold_ == 0 || (told_ && now.boot - *told_ < kBetween)) return false;
    told_ = now.boot;
    details = last_;
    details.emplace_back("attempts", std::to_string(std::exchange(untold_, 0)));
  }
  // What was refused stays so whether or not it can be recorded.
  static_cast<void>(audit_.Note(
      {.at = now, .what = what_, .severity = severity_, .details = std::move(details)}));
  return true;
}

}  // namespace surety
