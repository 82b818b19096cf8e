#include "agent/identity/entries_watch.h"

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/eventfd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <optional>
#include <system_error>
#include <utility>

#include "agent/identity/folder_events.h"
#include "agent/identity/folder_fingerprint.h"

namespace surety {

/// What the thread of a watch does.
class EntriesWatch::Loop {
 public:
  Loop(std::string folder, std::function<void()> changed, WatchTimes times, FolderEvents events)
      : folder_(std::move(folder)),
        changed_(std::move(changed)),
        times_(times),
        events_(std::move(events)),
        last_told_(FingerprintOf(folder_)) {}

  /// Returns once `stop` is readable.
  void Run(int stop) {
    while (WaitOnce(stop)) {
    }
  }

 private:
  using Clock = std::chrono::steady_clock;

  bool WaitOnce(int stop) {
    std::array<pollfd, 2> fds{{{stop, POLLIN, 0}, {events_.fd(), POLLIN, 0}}};
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(
        std::max(due_ - Clock::now(), Clock::duration{}));
    const int ready = ::poll(fds.data(), fds.size(), static_cast<int>(left.count()));
    if (ready < 0) return errno == EINTR;
    if (fds[0].revents != 0) return false;
    const Clock::time_point now = Clock::now();
    if (fds[1].revents != 0 && events_.Take()) {
      if (!first_event_) first_event_ = now;
      due_ = std::min(now + times_.quiet, *first_event_ + times_.at_latest);
    }
    if (now >= due_) Tell();
    return true;
  }

  void Tell() {
    events_.Renew();
    FolderFingerprint present = FingerprintOf(folder_);
    const bool told_by_event = std::exchange(first_event_, std::nullopt).has_value();
    if (told_by_event || present != last_told_) changed_();
    last_told_ = std::move(present);
    due_ = Clock::now() + times_.sweep;
  }

  const std::string folder_;
  const std::function<void()> changed_;
  const WatchTimes times_;
  FolderEvents events_;
  FolderFingerprint last_told_;
  std::optional<Clock::time_point> first_event_;  // Of those not told yet.
  Clock::time_point due_ = Clock::now() + times_.sweep;
};

Result<std::unique_ptr<EntriesWatch>> EntriesWatch::Start(std::string folder,
                                                          std::function<void()> changed,
                                                          WatchTimes times) {
  auto events = FolderEvents::Watch(folder);
  if (!events) return events.error();
  UniqueFd stop(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!stop)
    return Error(ErrorCode::kResourceExhausted,
                 "no eventfd to watch " + folder + ": " + std::generic_category().message(errno));
  auto loop =
      std::make_unique<Loop>(std::move(folder), std::move(changed), times, *std::move(events));
  return std::unique_ptr<EntriesWatch>(new EntriesWatch(std::move(stop), std::move(loop)));
}

EntriesWatch::EntriesWatch(UniqueFd stop, std::unique_ptr<Loop> loop)
    : stop_(std::move(stop)), thread_([loop = std::move(loop), fd = stop_.get()] {
        sigset_t all{};
        ::sigfillset(&all);
        ::pthread_sigmask(SIG_BLOCK, &all, nullptr);
        ::pthread_setname_np(::pthread_self(), "entries-watch");
        loop->Run(fd);
      }) {}

EntriesWatch::~EntriesWatch() {
  const std::uint64_t one = 1;
  (void)!::write(stop_.get(), &one, sizeof one);
  thread_.join();
}

}  // namespace surety
