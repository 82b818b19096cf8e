#include "agent/issuance/crl_keeper.h"

#include <algorithm>
#include <utility>

namespace surety {
namespace {

// A wait on the monotonic clock stands still while the machine sleeps: none is
// so long that it would matter.
constexpr BootClock::duration kLongestWait = std::chrono::seconds(5);

}  // namespace

CrlKeeper::CrlKeeper(CrlPublisher& publisher, const Clock& clock,
                     std::function<void(const CrlProgress&)> heed)
    : publisher_(publisher),
      clock_(clock),
      heed_(std::move(heed)),
      thread_([this](const std::stop_token& stop) { Run(stop); }) {}

void CrlKeeper::Wake() {
  const std::lock_guard lock(mutex_);
  woken_ = true;
  changed_.notify_all();
}

void CrlKeeper::Run(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    const Moment now = clock_.Now();
    const CrlProgress progress = publisher_.Work(now);
    heed_(progress);
    const auto wait =
        std::clamp(progress.call_again_at - now.boot, BootClock::duration::zero(), kLongestWait);
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, stop, wait, [this] { return woken_; });
    woken_ = false;
  }
}

}  // namespace surety
