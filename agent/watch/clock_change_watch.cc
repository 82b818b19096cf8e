#include "agent/watch/clock_change_watch.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <system_error>
#include <utility>

namespace surety {
namespace {

Error Failed(const std::string& what) {
  const bool scarce = errno == EMFILE || errno == ENFILE || errno == ENOMEM;
  return {scarce ? ErrorCode::kResourceExhausted : ErrorCode::kInternal,
          what + ": " + std::strerror(errno)};
}

// Far away; what counts is that a step cancels it.
bool Arm(int timer) {
  itimerspec never{};
  never.it_value.tv_sec = std::int64_t{1} << 40U;
  return ::timerfd_settime(timer, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &never, nullptr) ==
         0;
}

}  // namespace

Result<std::unique_ptr<ClockChangeWatch>> ClockChangeWatch::Start(std::function<void()> changed) {
  UniqueFd timer(::timerfd_create(CLOCK_REALTIME, TFD_CLOEXEC | TFD_NONBLOCK));
  if (!timer) return Failed("timerfd_create");
  if (!Arm(timer.get())) return Failed("timerfd_settime");
  UniqueFd stop(::eventfd(0, EFD_CLOEXEC));
  if (!stop) return Failed("eventfd");
  std::unique_ptr<ClockChangeWatch> watch(
      new ClockChangeWatch(std::move(timer), std::move(stop), std::move(changed)));
  try {
    watch->thread_ = std::thread([self = watch.get()] { self->Run(); });
  } catch (const std::system_error& error) {
    return Error(ErrorCode::kResourceExhausted,
                 std::string("cannot start the thread that watches the clock: ") + error.what());
  }
  return watch;
}

ClockChangeWatch::ClockChangeWatch(UniqueFd timer, UniqueFd stop, std::function<void()> changed)
    : timer_(std::move(timer)), stop_(std::move(stop)), changed_(std::move(changed)) {}

ClockChangeWatch::~ClockChangeWatch() {
  ::eventfd_write(stop_.get(), 1);
  if (thread_.joinable()) thread_.join();
}

void ClockChangeWatch::Run() {
  ::prctl(PR_SET_NAME, "surety-clock");
  std::array<pollfd, 2> watched{{{timer_.get(), POLLIN, 0}, {stop_.get(), POLLIN, 0}}};
  for (;;) {
    if (::poll(watched.data(), watched.size(), -1) < 0) continue;
    if (watched[1].revents != 0) return;
    std::uint64_t times = 0;
    // ECANCELED, and armed anew before anybody is told, so that no step is missed.
    if (::read(timer_.get(), &times, sizeof times) < 0 && errno == ECANCELED) {
      Arm(timer_.get());
      changed_();
    }
  }
}

}  // namespace surety
