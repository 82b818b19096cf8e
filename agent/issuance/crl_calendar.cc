#include "agent/issuance/crl_calendar.h"

#include <algorithm>

namespace surety {
namespace {

using std::chrono::sys_seconds;

constexpr Seconds kStep{1};

sys_seconds ByTheClock(WallTime now, Seconds clock_skew) {
  const auto time = std::chrono::floor<Seconds>(now) - clock_skew;
  return std::clamp(time, sys_seconds(), CrlCalendar::kLatest);
}

}  // namespace

void CrlCalendar::Observe(Moment now) {
  for (const auto& [key_id, date] : dates_) {
    if (date.this_update > now.wall) {
      ahead_since_.emplace(key_id, now.boot);
    } else {
      ahead_since_.erase(key_id);
    }
  }
}

bool CrlCalendar::MayFollowTheClockAgain(const std::string& key_id, Moment now) const {
  const auto since = ahead_since_.find(key_id);
  return since != ahead_since_.end() && now.boot - since->second >= validity_;
}

CrlDate CrlCalendar::Next(const std::string& key_id, Moment now) const {
  CrlDate next{.number = 1, .this_update = ByTheClock(now.wall, clock_skew_)};
  if (const auto last = dates_.find(key_id); last != dates_.end()) {
    next.number = last->second.number + 1;
    if (!MayFollowTheClockAgain(key_id, now)) {
      next.this_update = std::max(next.this_update, last->second.this_update + kStep);
    }
  }
  const auto seconds = static_cast<std::uint64_t>(next.this_update.time_since_epoch().count());
  next.number = std::max(next.number, seconds);
  return next;
}

void CrlCalendar::Note(const std::string& key_id, const CrlDate& date) {
  const auto [last, added] = dates_.emplace(key_id, date);
  if (date.this_update < last->second.this_update) ahead_since_.erase(key_id);  // Forgiven.
  last->second = date;
  if (dates_.size() <= kMostAuthorities) return;
  const auto oldest = std::ranges::min_element(
      dates_, {}, [](const auto& item) { return item.second.this_update; });
  ahead_since_.erase(oldest->first);
  dates_.erase(oldest);
}

}  // namespace surety
