#include "agent/watch/watch_loop.h"

#include <sys/epoll.h>

#include <algorithm>
#include <array>

#include "agent/watch/thread_cpu.h"

namespace surety {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// Epoll data: a process id, or one of these.
constexpr std::uint64_t kInbox = 1ULL << 32U;
constexpr std::uint64_t kKernel = 2ULL << 32U;

constexpr BootClock::duration kLostGap = seconds(1);
// A new filter costs up to a millisecond with thousands of processes. It is made at
// once, and then not again until twenty times its cost has passed.
constexpr BootClock::duration kFilterGap = milliseconds(2);
constexpr int kFilterShare = 20;
// Once in so many rounds nothing of a process is taken for unchanged.
constexpr std::uint64_t kEverything = 32;

KernelEvents::Options KernelOptions(const WatchOptions& options) {
  return {.wanted = options.use_events,
          .buffer_bytes = options.event_buffer_bytes,
          .prove_every = options.prove_events_every,
          .retry_every = options.retry_events_every};
}

bool Watch(int epoll, int fd, std::uint64_t tag) {
  epoll_event wanted{};
  wanted.events = EPOLLIN;
  wanted.data.u64 = tag;
  return ::epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &wanted) == 0;
}

}  // namespace

WatchLoop::WatchLoop(const Clock& clock, ProcessOpener& opener, const WatcherEvents& events,
                     const WatchOptions& options, UniqueFd epoll, WatchInbox& inbox,
                     WatchBoard& board)
    : clock_(clock),
      events_(events),
      epoll_(std::move(epoll)),
      inbox_(inbox),
      board_(board),
      kernel_(epoll_.get(), kKernel, KernelOptions(options),
              {.happened =
                   [this](pid_t process, WakeReason reason) {
                     if (auto* followed = table_.Find(process))
                       Notice(*followed, reason, clock_.Now().boot);
                   },
               .traced =
                   [this](pid_t process, pid_t tracer) {
                     if (const auto* followed = table_.Find(process))
                       events_.traced(followed->key(), tracer);
                   },
               .forked =
                   [this](pid_t parent, pid_t child) {
                     const auto now = clock_.Now().boot;
                     // Whoever was followed before this birth has to be known by now.
                     TakeArrivals();
                     if (!descendants_.Born(parent, child, now)) Lost(now);
                   },
               .lost = [this] { Lost(clock_.Now().boot); }}),
      descendants_(opener, options.sweep_interval, options.sweep_share / 4,
                   [this](const ProcessKey& parent, const ProcessKey& child) {
                     events_.forked(parent, child);
                   }),
      lost_pace_(kLostGap, kLostGap),
      sweep_(options.sweep_interval, options.sweep_share),
      old_cgroups_(HasOldCgroups()) {
  Watch(epoll_.get(), inbox_.signal_fd(), kInbox);
}

void WatchLoop::Run(const std::function<void()>& decided) {
  bool told = false;
  while (!inbox_.stopping()) {
    const auto now = clock_.Now().boot;
    TakeArrivals();
    AnswerQuestions(now);
    const bool had_events = kernel_.working();
    kernel_.Tend(now);
    if (kernel_.working() != had_events) LookAtEverything();
    RefreshFilter(now);
    descendants_.Tend(now, !kernel_.working(), [this, now] { kernel_.ReadBirths(now); });
    Sweep(now);
    ReportDue(now);
    Publish();
    if (!told && kernel_.decided()) {
      told = true;
      decided();
    }
    Wait();
  }
}

BootTime WatchLoop::NextDue() const {
  auto due = std::min({kernel_.due(), sweep_.due(), descendants_.due(!kernel_.working())});
  if (filter_is_stale_) due = std::min(due, filter_due_);
  if (!waiting_.empty()) due = std::min(due, waiting_.begin()->first);
  return std::min(due, lost_pace_.due().value_or(BootTime::max()));
}

void WatchLoop::Wait() {
  const auto due = NextDue();
  const auto left = due - clock_.Now().boot;
  int wait = -1;
  if (due != BootTime::max())
    wait = left.count() <= 0 ? 0 : static_cast<int>(std::chrono::ceil<milliseconds>(left).count());
  std::array<epoll_event, 64> ready{};
  const int count = ::epoll_wait(epoll_.get(), ready.data(), ready.size(), wait);
  const auto now = clock_.Now().boot;
  for (int i = 0; i < count; ++i) Handle(ready.at(static_cast<std::size_t>(i)).data.u64, now);
}

void WatchLoop::Handle(std::uint64_t tag, BootTime now) {
  if (tag >= kKernel) return kernel_.Readable(tag - kKernel, now);
  if (tag >= kInbox) return inbox_.Acknowledge();
  auto* followed = table_.Find(static_cast<pid_t>(tag));
  if (followed != nullptr && !followed->process().IsAlive()) Exited(*followed);
}

LookPlan WatchLoop::PlanOf(bool everything) const {
  return {
      .everything = everything, .without_events = !kernel_.working(), .cgroup_text = old_cgroups_};
}

void WatchLoop::TakeArrivals() {
  for (auto& arrival : inbox_.TakeAll()) Arrive(std::move(arrival));
}

// The kernel queues a birth before either of the two runs on, so whoever connects
// was born in what can be read now.
void WatchLoop::AnswerQuestions(BootTime now) {
  const auto questions = inbox_.TakeQuestions();
  if (questions.empty()) return;
  const auto read_births = [this, now] { kernel_.ReadBirths(now); };
  read_births();
  for (const pid_t process : questions) descendants_.NameNow(process, read_births);
  inbox_.AnswerQuestions();
}

// A failed epoll_ctl costs time, not the process: the sweep notices its end.
void WatchLoop::Arrive(Followed arrival) {
  const auto key = arrival.key();
  if (auto* former = table_.Find(key.pid)) {
    // The same process by another handle, or a later one.
    if (former->process().IsAlive()) return inbox_.GiveBack(former->process());
    Exited(*former);
  }
  const auto& followed = table_.Add(std::move(arrival));
  Watch(epoll_.get(), followed.process().pidfd(), static_cast<std::uint64_t>(key.pid));
  descendants_.Add(key);
  unfiltered_.push_back(key);
  filter_is_stale_ = true;
}

void WatchLoop::RefreshFilter(BootTime now) {
  if (!filter_is_stale_ || now < filter_due_) return;
  const ThreadCpu spent;
  kernel_.Follow(table_.pids());
  filter_is_stale_ = false;
  dead_in_filter_ = 0;
  filter_due_ = now + std::max(kFilterGap, kFilterShare * spent.Used());
  CheckArrivals(now);
}

// What happened between Follow and the filter has raised no event, not even what
// others did to a process that sleeps.
void WatchLoop::CheckArrivals(BootTime now) {
  for (const auto& key : std::exchange(unfiltered_, {})) {
    auto* followed = table_.Find(key.pid);
    if (followed == nullptr || followed->key() != key) continue;
    const auto reason = followed->LookAgain(
        {.everything = false, .without_events = true, .cgroup_text = old_cgroups_});
    if (reason) Notice(*followed, *reason, now);
  }
}

void WatchLoop::Sweep(BootTime now) {
  const auto count = sweep_.Take(table_.size(), now);
  if (count == 0) return;
  const ThreadCpu spent;
  const auto found = LookAtNext(count, now);
  sweep_.Cost(count, spent.Used());
  for (const auto& [key, reason] : found) {
    auto* followed = table_.Find(key.pid);
    if (followed != nullptr && followed->key() == key) Notice(*followed, reason, now);
  }
}

std::vector<std::pair<ProcessKey, WakeReason>> WatchLoop::LookAtNext(std::size_t count,
                                                                     BootTime now) {
  std::vector<std::pair<ProcessKey, WakeReason>> found;
  for (std::size_t i = 0; i < count; ++i) {
    auto* followed = table_.After(swept_);
    if (followed == nullptr) followed = table_.After(0);
    if (followed == nullptr) break;
    swept_ = followed->key().pid;
    const auto turn = rounds_ + static_cast<std::uint64_t>(swept_);
    const bool everything = turn % kEverything == 0 || rounds_ < everything_until_;
    auto reason = followed->LookAgain(PlanOf(everything));
    if (everything && !followed->process().IsAlive()) reason = WakeReason::kLost;
    if (reason) found.emplace_back(followed->key(), *reason);
    if (table_.After(swept_) == nullptr) EndRound(now);
  }
  return found;
}

// The rest of this round and the whole next one.
void WatchLoop::LookAtEverything() { everything_until_ = rounds_ + 2; }

void WatchLoop::EndRound(BootTime now) {
  ++rounds_;
  swept_ = 0;
  last_round_ = now - round_began_;
  round_began_ = now;
  if (rounds_ % kEverything == 0) old_cgroups_ = HasOldCgroups();
}

void WatchLoop::Notice(Followed& followed, WakeReason reason, BootTime now) {
  if (const auto told = followed.pace().Happened(reason, now)) return Report(followed, *told);
  if (const auto due = followed.pace().due()) waiting_.emplace(*due, followed.key().pid);
}

void WatchLoop::ReportDue(BootTime now) {
  while (!waiting_.empty() && waiting_.begin()->first <= now) {
    const auto pid = waiting_.extract(waiting_.begin()).value().second;
    auto* followed = table_.Find(pid);
    if (followed == nullptr) continue;
    if (const auto reason = followed->pace().Take(now)) Report(*followed, *reason);
  }
  if (lost_pace_.Take(now)) events_.lost();
}

// Everything is looked at before it is reported: what the report's receiver finds
// is not reported once more by the sweep, and what changes later is.
void WatchLoop::Report(Followed& followed, WakeReason reason) {
  if (!followed.process().IsAlive()) return Exited(followed);
  const auto key = followed.key();
  const auto seen = followed.LookAgain({.cgroup_text = old_cgroups_});
  events_.changed(key, seen ? Worse(*seen, reason) : reason);
}

void WatchLoop::Lost(BootTime now) {
  descendants_.LookForAll();
  LookAtEverything();
  if (lost_pace_.Happened(WakeReason::kLost, now)) events_.lost();
}

void WatchLoop::Exited(Followed& followed) {
  const auto key = followed.key();
  ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, followed.process().pidfd(), nullptr);
  const ProcessHandle* const handle = &followed.process();
  table_.Remove(key.pid);
  inbox_.Forget(key, handle);
  // A filter that names a few of the dead is no worse.
  if (++dead_in_filter_ > table_.size() / 4 + 16) filter_is_stale_ = true;
  events_.exited(key);
}

void WatchLoop::Publish() {
  WatchBoard::State state;
  state.status.mode = kernel_.working() ? WakeMode::kEvents : WakeMode::kSweep;
  state.status.why_no_events = kernel_.why_not();
  state.status.followed = table_.size();
  state.status.events_total = kernel_.events_total();
  state.status.overflows_total = kernel_.overflows_total();
  state.status.sweeps_total = rounds_;
  state.status.last_sweep = last_round_;
  state.details.sweep_interval = sweep_.RealInterval(table_.size());
  state.details.look_cost = sweep_.cost();
  state.details.descendants = descendants_.size();
  board_.Set(state);
}

}  // namespace surety
