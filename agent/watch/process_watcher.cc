#include "agent/watch/process_watcher.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <future>
#include <system_error>
#include <thread>
#include <utility>

#include "agent/watch/watch_inbox.h"
#include "agent/watch/watch_loop.h"

namespace surety {
namespace {

constexpr std::chrono::seconds kStartTakes{1};
// Every birth before that was read, and named if it was kin, long ago.
constexpr std::chrono::seconds kHeardOfBy{2};
constexpr std::chrono::milliseconds kPatience{50};

WatcherEvents WithoutGaps(WatcherEvents events) {
  if (!events.changed) events.changed = [](const ProcessKey&, WakeReason) {};
  if (!events.traced) events.traced = [](const ProcessKey&, pid_t) {};
  if (!events.exited) events.exited = [](const ProcessKey&) {};
  if (!events.forked) events.forked = [](const ProcessKey&, const ProcessKey&) {};
  if (!events.lost) events.lost = [] {};
  return events;
}

Error Failed(const char* what) {
  const bool scarce = errno == EMFILE || errno == ENFILE || errno == ENOMEM;
  return {scarce ? ErrorCode::kResourceExhausted : ErrorCode::kInternal,
          std::string(what) + ": " + std::strerror(errno)};
}

}  // namespace

class ProcessWatcher::Parts {
 public:
  Parts(const Clock& clock, ProcessOpener& opener, WatcherEvents events, WatchOptions options,
        UniqueFd epoll, UniqueFd signal)
      : clock_(clock),
        options_(options),
        events_(WithoutGaps(std::move(events))),
        inbox_(std::move(signal), options.most_followed),
        loop_(clock, opener, events_, options_, std::move(epoll), inbox_, board_) {}

  Result<void> Start() {
    std::promise<void> decided;
    const auto waits = decided.get_future();
    try {
      thread_ = std::thread([this, told = std::move(decided)]() mutable {
        ::prctl(PR_SET_NAME, "surety-watch");
        loop_.Run([&told] { told.set_value(); });
      });
    } catch (const std::system_error& error) {
      return Error(ErrorCode::kResourceExhausted,
                   std::string("cannot start the watcher's thread: ") + error.what());
    }
    waits.wait_for(kStartTakes);
    return {};
  }

  void Follow(std::shared_ptr<const ProcessHandle> process) {
    if (!inbox_.Reserve(*process)) return;
    const bool may_probe = inbox_.size() <= options_.most_probes;
    inbox_.Put(Followed(std::move(process), may_probe));
  }

  void HearOfBirth(const ProcessHandle& process) {
    if (mode() != WakeMode::kEvents) return;
    const BootTime born{std::chrono::nanoseconds(std::chrono::seconds(1)) / ::sysconf(_SC_CLK_TCK) *
                        static_cast<std::int64_t>(process.key().start_ticks)};
    if (clock_.Now().boot - born < kHeardOfBy) inbox_.AskForBirth(process.key().pid, kPatience);
  }

  void Stop() {
    inbox_.Stop();
    if (thread_.joinable()) thread_.join();
  }

  [[nodiscard]] WakeMode mode() const { return board_.mode(); }

  [[nodiscard]] WatchBoard::State State() const {
    auto state = board_.Get();
    state.status.followed = inbox_.size();
    state.details.refused = inbox_.refused();
    return state;
  }

 private:
  const Clock& clock_;
  const WatchOptions options_;
  const WatcherEvents events_;
  WatchInbox inbox_;
  WatchBoard board_;
  WatchLoop loop_;  // Belongs to thread_.
  std::thread thread_;
};

Result<std::unique_ptr<ProcessWatcher>> ProcessWatcher::Start(const Clock& clock,
                                                              ProcessOpener& opener,
                                                              WatcherEvents events,
                                                              WatchOptions options) {
  UniqueFd epoll(::epoll_create1(EPOLL_CLOEXEC));
  if (!epoll) return Failed("epoll_create1");
  UniqueFd signal(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!signal) return Failed("eventfd");
  auto parts = std::make_unique<Parts>(clock, opener, std::move(events), options, std::move(epoll),
                                       std::move(signal));
  if (const auto started = parts->Start(); !started) return started.error();
  return std::unique_ptr<ProcessWatcher>(new ProcessWatcher(std::move(parts)));
}

ProcessWatcher::ProcessWatcher(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}

ProcessWatcher::~ProcessWatcher() { Stop(); }

void ProcessWatcher::Follow(std::shared_ptr<const ProcessHandle> process) {
  parts_->Follow(std::move(process));
}

void ProcessWatcher::HearOfBirth(const ProcessHandle& process) { parts_->HearOfBirth(process); }

WakeMode ProcessWatcher::mode() const { return parts_->mode(); }

WatcherStatus ProcessWatcher::Status() const { return parts_->State().status; }

WatchDetails ProcessWatcher::Details() const { return parts_->State().details; }

void ProcessWatcher::Stop() { parts_->Stop(); }

}  // namespace surety
