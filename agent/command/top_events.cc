#include "agent/command/top_events.h"

#include <algorithm>
#include <utility>
#include <variant>

#include "agent/command/record_text.h"

namespace surety {
namespace {

// So many lines are read at first, and at most at once: who is further behind skips.
constexpr std::uint64_t kMostLines = 20'000;

std::int64_t UnixSecond(WallTime time) {
  return std::chrono::floor<Seconds>(time).time_since_epoch().count();
}

std::size_t IndexOf(Verdict verdict) { return static_cast<std::size_t>(verdict); }

}  // namespace

Result<void> TopEvents::Read(std::uint64_t newest, WallTime now) {
  const bool behind = replay_ && replay_->report().last_seq + kMostLines < newest;
  if (!replay_ || behind) {
    const std::uint64_t from = newest > kMostLines ? newest - kMostLines : 1;
    auto opened = AuditReplay::Open(folder_, {.seq = from});
    if (!opened) return opened.error();
    replay_.emplace(*std::move(opened));
    lines_.clear();
    seconds_.clear();
  }
  for (std::uint64_t read = 0; read < kMostLines; ++read) {
    const auto record = replay_->Next();
    if (!record) {
      replay_.reset();
      return record.error();
    }
    if (!*record) break;
    Take(**record);
  }
  // The second that has begun is not whole yet.
  const std::int64_t first = UnixSecond(now) - kSpan.count();
  std::erase_if(seconds_, [first](const auto& one) { return one.first < first; });
  return {};
}

void TopEvents::Take(const AuditRecord& record) {
  const auto* decision = std::get_if<RecordedDecision>(&record.content);
  if (decision != nullptr) {
    ++seconds_[UnixSecond(record.at.wall)][IndexOf(decision->verdict)];
    constexpr std::size_t kMostSeconds = 1'000;  // Should the clock leap while we read.
    if (seconds_.size() > kMostSeconds) seconds_.erase(seconds_.begin());
    if (decision->verdict == Verdict::kAllow) return;
  } else if (!std::holds_alternative<RecordedNotice>(record.content)) {
    return;
  }
  lines_.push_back(RecordText(record));
  if (lines_.size() > kMostKept) lines_.pop_front();
}

double TopEvents::RateOf(Verdict verdict) const {
  std::uint64_t all = 0;
  for (const auto& [second, counts] : seconds_) all += counts.at(IndexOf(verdict));
  return static_cast<double>(all) / static_cast<double>(kSpan.count());
}

}  // namespace surety
