#include "agent/watch/sweep_pace.h"

#include <algorithm>
#include <cmath>

namespace surety {
namespace {

// Few are looked at in one go, so that an idle machine is woken once an interval;
// many in portions, so that no event waits behind all of them.
constexpr std::size_t kPortion = 16;
constexpr BootClock::duration kShortestPause = std::chrono::milliseconds(10);
// How much of the average cost the newest looks make.
constexpr double kNewest = 0.1;

BootClock::duration PauseOf(std::size_t count, BootClock::duration interval) {
  if (count <= kPortion) return interval;
  const auto portions = static_cast<BootClock::rep>(count / kPortion);
  return std::max(interval / portions, std::min(kShortestPause, interval));
}

}  // namespace

BootClock::duration SweepPace::RealInterval(std::size_t count) const {
  const double at_least = static_cast<double>(count) * cost_ / share_;
  return std::max(interval_, BootClock::duration(static_cast<BootClock::rep>(at_least)));
}

std::size_t SweepPace::Take(std::size_t count, BootTime now) {
  if (count == 0) {
    due_ = BootTime::max();
    return 0;
  }
  const auto interval = RealInterval(count);
  const auto pause = PauseOf(count, interval);
  // The first after an idle time: a whole interval from now.
  if (due_ == BootTime::max()) {
    last_ = now;
    due_ = now + pause;
    owed_ = 0;
    return 0;
  }
  if (now < due_) return 0;
  owed_ += static_cast<double>(count) * static_cast<double>((now - last_).count()) /
           static_cast<double>(interval.count());
  last_ = now;
  due_ = now + pause;
  const double whole = std::floor(std::min(owed_ + 1e-6, static_cast<double>(count)));
  owed_ = std::max(0.0, std::min(owed_ - whole, 1.0));
  return static_cast<std::size_t>(whole);
}

void SweepPace::Cost(std::size_t looks, BootClock::duration spent) {
  if (looks == 0) return;
  const double each = static_cast<double>(spent.count()) / static_cast<double>(looks);
  cost_ = cost_ == 0 ? each : cost_ + kNewest * (each - cost_);
}

}  // namespace surety
