#include "agent/watch/kernel_events.h"

#include <sys/epoll.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

namespace surety {
namespace {

using std::chrono::milliseconds;

constexpr std::size_t kMostAtOnce = 4096;
constexpr BootClock::duration kProofTakes = milliseconds(500);
constexpr std::size_t kNameLength = 16;  // TASK_COMM_LEN

WakeReason ReasonOf(ProcEventType type) {
  switch (type) {
    case ProcEventType::kUid: return WakeReason::kUser;
    case ProcEventType::kGid: return WakeReason::kGroup;
    case ProcEventType::kSid: return WakeReason::kSession;
    case ProcEventType::kPtrace: return WakeReason::kTraced;
    default: return WakeReason::kExec;
  }
}

// Raises one event that is about this thread: its name, set to what it is.
void RenameSelf() {
  std::array<char, kNameLength> name{};
  ::prctl(PR_GET_NAME, name.data());
  ::prctl(PR_SET_NAME, name.data());
}

}  // namespace

KernelEvents::KernelEvents(int epoll, std::uint64_t tag, Options options, Sink sink)
    : epoll_(epoll),
      tag_(tag),
      options_(options),
      sink_(std::move(sink)),
      // One process that execs without end must not wake us for each.
      feeds_{Feed{ReadPace(BootClock::duration::zero(), milliseconds(2), 50)},
             Feed{ReadPace(milliseconds(5), milliseconds(5), 0)}},
      why_not_(options.wanted ? "not tried yet" : "switched off by configuration") {
  if (!options.wanted) decided_ = true;
}

void KernelEvents::Tend(BootTime now) {
  if (!options_.wanted) return;
  for (std::size_t i = 0; i < feeds_.size(); ++i) {
    auto& feed = feeds_.at(i);
    if (!feed.connector || !feed.listen_at || *feed.listen_at > now) continue;
    feed.listen_at.reset();
    Listen(i, EPOLL_CTL_MOD);
  }
  if (proof_ends_) JudgeProof(now);
  if (proof_ends_ || now < next_try_) return;
  if (!subscribed_) Subscribe(now);
  if (subscribed_) Prove(now);
}

BootTime KernelEvents::due() const {
  if (!options_.wanted) return BootTime::max();
  BootTime due = proof_ends_ ? *proof_ends_ : next_try_;
  for (const auto& feed : feeds_)
    if (feed.listen_at) due = std::min(due, *feed.listen_at);
  return due;
}

void KernelEvents::Subscribe(BootTime now) {
  own_thread_ = ::gettid();
  auto opened = Open(kBirths, BirthFilter(own_thread_));
  if (opened) opened = Open(kFollowed, FollowedFilter(followed_, own_thread_));
  if (!opened) return GiveUp(opened.error().Text(), now);
  subscribed_ = true;
}

Result<void> KernelEvents::Open(std::size_t which, const SocketFilter& filter) {
  auto connector = ProcConnector::Subscribe(filter, options_.buffer_bytes);
  if (!connector) return connector.error();
  feeds_.at(which).connector.emplace(*std::move(connector));
  Listen(which, EPOLL_CTL_ADD);
  return {};
}

// Heard once, then not before a pause has passed.
void KernelEvents::Listen(std::size_t which, int operation) {
  epoll_event wanted{};
  wanted.events = EPOLLIN | EPOLLONESHOT;
  wanted.data.u64 = tag_ + which;
  ::epoll_ctl(epoll_, operation, feeds_.at(which).connector->fd(), &wanted);
}

// The kernel queues the event before the call that causes it returns, so that
// it is usually there at once; only what stands before it takes longer.
void KernelEvents::Prove(BootTime now) {
  for (auto& feed : feeds_) feed.proven = false;
  proof_ends_ = now + kProofTakes;
  RenameSelf();
  for (std::size_t i = 0; i < feeds_.size() && subscribed_; ++i) Readable(i, now);
  JudgeProof(now);
}

void KernelEvents::JudgeProof(BootTime now) {
  const auto heard = [](const Feed& feed) {
    return feed.connector && feed.proven && feed.connector->acknowledged();
  };
  if (std::all_of(feeds_.begin(), feeds_.end(), heard)) {
    proof_ends_.reset();
    decided_ = true;
    why_not_.clear();
    next_try_ = now + options_.prove_every;
  } else if (now >= *proof_ends_) {
    const bool ignored = !feeds_.front().connector->acknowledged();
    GiveUp(ignored ? "the kernel does not answer: this is not the initial pid or user namespace"
                   : "the kernel's events about processes do not arrive",
           now);
  }
}

void KernelEvents::GiveUp(std::string why, BootTime now) {
  const bool worked = working() && subscribed_;
  for (auto& feed : feeds_) {
    feed.connector.reset();
    feed.listen_at.reset();
  }
  subscribed_ = false;
  decided_ = true;
  proof_ends_.reset();
  why_not_ = std::move(why);
  next_try_ = now + options_.retry_every;
  if (worked) sink_.lost();
}

void KernelEvents::Readable(std::size_t which, BootTime now) {
  auto& feed = feeds_.at(which);
  if (!feed.connector) return;
  const auto drained = feed.connector->Read(
      [this, &feed](const ProcEvent& event) { Take(feed, event); }, kMostAtOnce);
  events_ += drained.events;
  if (!feed.listen_at) feed.listen_at = now + feed.pace.Pause(drained.events, now);
  if (!drained.overflowed) return;
  ++overflows_;
  // Our own event may be among those that were dropped: ask once more.
  if (proof_ends_) RenameSelf();
  sink_.lost();
}

void KernelEvents::Take(Feed& feed, const ProcEvent& event) {
  if (event.type == ProcEventType::kComm) {
    feed.proven = feed.proven || event.thread == own_thread_;
  } else if (event.type == ProcEventType::kFork) {
    sink_.forked(event.parent, event.process);
  } else {
    if (event.tracer != 0) sink_.traced(event.process, event.tracer);
    sink_.happened(event.process, ReasonOf(event.type));
  }
}

void KernelEvents::Follow(std::vector<pid_t> processes) {
  followed_ = std::move(processes);
  auto& connector = feeds_.at(kFollowed).connector;
  // Where the filter could not be set, at least as much passes as it would let.
  if (connector) static_cast<void>(connector->SetFilter(FollowedFilter(followed_, own_thread_)));
}

}  // namespace surety
