#include "workload_api/listener.h"

#include <fcntl.h>
#include <spdlog/spdlog.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

namespace surety {
namespace {

#ifndef SO_PEERPIDFD
constexpr int SO_PEERPIDFD = 77;  // Linux 6.5; Debian 12's headers are older.
#endif

// What an epoll event is about: a kind in the two lowest bits, a number above.
enum : std::uint64_t { kListening = 0, kWake = 1, kConnection = 2, kProcess = 3 };
constexpr std::uint64_t Tag(std::uint64_t kind, std::uint64_t number) { return number << 2 | kind; }

// How often idle connections are looked for.
constexpr int kTickMilliseconds = 1'000;
// Connections served in a row before the ends of others are looked at.
constexpr int kServeBatch = 16;
// The kernel turns callers away (EAGAIN) when net.core.somaxconn of them wait, and a
// connection takes longer to hand over than to accept: so many more may wait here,
// but no more than a sixteenth of all descriptors, which attestors need, too.
constexpr std::size_t kMaxAccepted = 1'024;
constexpr std::size_t kShareOfDescriptors = 16;

std::size_t MaxAccepted() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return 1;
  return std::clamp<std::size_t>(limit.rlim_cur / kShareOfDescriptors, 1, kMaxAccepted);
}

UniqueFd OpenSpare() { return UniqueFd(::open("/dev/null", O_RDONLY | O_CLOEXEC)); }

}  // namespace

Result<std::unique_ptr<Listener>> Listener::Start(Parts parts) {
  UniqueFd epoll(::epoll_create1(EPOLL_CLOEXEC));
  UniqueFd wake(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!epoll || !wake)
    return Error(ErrorCode::kInternal, std::string("making a poller: ") + std::strerror(errno));
  if (auto named = ReceiveGuard::NameSenders(parts.listening_fd); !named) return named.error();
  std::unique_ptr<Listener> listener(
      new Listener(std::move(parts), std::move(epoll), std::move(wake)));
  if (!listener->Watch(listener->parts_.listening_fd, EPOLLIN, Tag(kListening, 0)) ||
      !listener->Watch(listener->wake_.get(), EPOLLIN, Tag(kWake, 0)))
    return Error(ErrorCode::kInternal, std::string("epoll_ctl: ") + std::strerror(errno));
  listener->thread_ = std::thread([self = listener.get()] { self->Run(); });
  return listener;
}

Listener::Listener(Parts parts, UniqueFd epoll, UniqueFd wake)
    : parts_(std::move(parts)),
      epoll_(std::move(epoll)),
      wake_(std::move(wake)),
      max_accepted_(MaxAccepted()),
      spare_(OpenSpare()) {}

Listener::~Listener() {
  stopping_ = true;
  ::eventfd_write(wake_.get(), 1);
  if (thread_.joinable()) thread_.join();
}

void Listener::StopAccepting() {
  stop_accepting_ = true;
  ::eventfd_write(wake_.get(), 1);
}

void Listener::Run() {
  std::array<epoll_event, 256> events{};
  auto next_tick = std::chrono::steady_clock::now();
  while (!stopping_) {
    const int count = ::epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()),
                                   accepted_.empty() ? kTickMilliseconds : 0);
    for (int i = 0; i < count; ++i) Handle(events.at(static_cast<std::size_t>(i)).data.u64);
    ServeAccepted();
    if (const auto now = std::chrono::steady_clock::now(); now >= next_tick) {
      parts_.table.CutIdle(parts_.times.silent, parts_.times.idle);
      next_tick = now + std::chrono::milliseconds(kTickMilliseconds);
    }
  }
}

void Listener::Handle(std::uint64_t what) {
  const std::uint64_t number = what >> 2;
  switch (what & 3) {
    case kListening: return AcceptAll();
    case kConnection: return ConnectionEnded(number);
    case kProcess:
      if (const auto at = watched_.find(number); at != watched_.end()) {
        ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, at->second->pidfd(), nullptr);
        parts_.table.CutProcess(at->second->key());
      }
      return;
    default: break;
  }
  eventfd_t value = 0;
  ::eventfd_read(wake_.get(), &value);
  if (stop_accepting_) ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, parts_.listening_fd, nullptr);
}

void Listener::AcceptAll() {
  // Counted, too: when descriptors have run out nothing is added.
  for (std::size_t i = 0; i < max_accepted_ && accepted_.size() < max_accepted_ && !stop_accepting_;
       ++i) {
    UniqueFd connection(
        ::accept4(parts_.listening_fd, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (connection) {
      // At once, since what is sent before bears no name on an older kernel.
      if (auto named = ReceiveGuard::NameSenders(connection.get()); !named) {
        LogRefusal(named.error().Text());
        continue;
      }
      accepted_.push_back(std::move(connection));
      continue;
    }
    if (errno == EMFILE || errno == ENFILE) {
      // The client must hear at once that it is not served, and the listening
      // socket must not stay readable for ever.
      spare_.Reset();
      UniqueFd refused(::accept4(parts_.listening_fd, nullptr, nullptr, SOCK_CLOEXEC));
      refused.Reset();
      spare_ = OpenSpare();
      LogRefusal("no descriptors are left (LimitNOFILE)");
      continue;
    }
    if (errno != EINTR && errno != ECONNABORTED) return;
  }
}

void Listener::ServeAccepted() {
  if (stop_accepting_) accepted_.clear();
  for (int i = 0; i < kServeBatch && !accepted_.empty(); ++i) {
    UniqueFd connection = std::move(accepted_.front());
    accepted_.pop_front();
    AcceptOne(std::move(connection));
  }
}

void Listener::AcceptOne(UniqueFd connection) {
  auto peer = PeerOf(connection);
  if (!peer) return LogRefusal(peer.error().Text());
  if (!parts_.admits(*peer))
    return LogRefusal("uid " + std::to_string(peer->uid) + " may not use this socket");

  UniqueFd watch(::fcntl(connection.get(), F_DUPFD_CLOEXEC, 0));
  if (!watch) return LogRefusal("no descriptors are left (LimitNOFILE)");
  const int watch_fd = watch.get();
  const auto process = peer->process;
  const auto added = parts_.table.Add(connection.get(), *peer, std::move(watch));
  if (!added) return LogRefusal(added.error().Text());
  const uid_t user = peer->uid;
  guards_.emplace(
      added->connection_id,
      ReceiveGuard(connection.get(), process->key().pid, user,
                   [tell = parts_.offended, peer = *std::move(peer)](
                       Offence offence, pid_t sender) { tell(peer, offence, sender); }));

  if (added->first_of_process) {
    const std::uint64_t number = next_watch_++;
    watched_[number] = process;
    watch_ids_[process->key()] = number;
    Watch(process->pidfd(), EPOLLIN, Tag(kProcess, number));
  }
  Watch(watch_fd, EPOLLRDHUP, Tag(kConnection, added->connection_id));
  parts_.hand_over(std::move(connection));
}

Result<Peer> Listener::PeerOf(const UniqueFd& connection) {
  ucred credentials{};
  socklen_t length = sizeof credentials;
  if (::getsockopt(connection.get(), SOL_SOCKET, SO_PEERCRED, &credentials, &length) != 0)
    return Error(ErrorCode::kPeerGone, std::string("SO_PEERCRED: ") + std::strerror(errno));
  if (credentials.pid <= 0)
    return Error(ErrorCode::kPermissionDenied,
                 "the caller is in a pid namespace that cannot be seen from here");

  int pidfd = -1;
  length = sizeof pidfd;
  Result<std::shared_ptr<const ProcessHandle>> process =
      Error(ErrorCode::kPeerGone, "the caller exited before it was accepted");
  if (::getsockopt(connection.get(), SOL_SOCKET, SO_PEERPIDFD, &pidfd, &length) == 0) {
    process = parts_.opener.Open(credentials.pid, UniqueFd(pidfd));
  } else if (errno == ENOPROTOOPT) {
    if (!peers_by_pid_.exchange(true))
      parts_.logger->warn(
          "this kernel has no SO_PEERPIDFD (Linux 6.5): callers are told by pid and start time");
    process = parts_.opener.OpenByPid(credentials.pid);
  }
  if (!process) return process.error();
  return Peer{.process = *std::move(process),
              .uid = credentials.uid,
              .gid = credentials.gid,
              .connection_id = 0};
}

bool Listener::Watch(int fd, std::uint32_t events, std::uint64_t what) const {
  epoll_event event{};
  event.events = events;
  event.data.u64 = what;
  return ::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) == 0;
}

void Listener::ConnectionEnded(std::uint64_t connection_id) {
  auto removed = parts_.table.Remove(connection_id);
  if (!removed) return;
  guards_.erase(connection_id);
  // gRPC may still hold the same open file, which would keep a closed
  // descriptor's registration alive.
  ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, removed->watch.get(), nullptr);
  if (removed->unwatched_process == nullptr) return;
  const auto id = watch_ids_.find(removed->unwatched_process->key());
  if (id == watch_ids_.end()) return;
  ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, watched_.at(id->second)->pidfd(), nullptr);
  watched_.erase(id->second);
  watch_ids_.erase(id);
}

// One line a second at the most: a flood of refusals must not become a flood of
// log lines.
void Listener::LogRefusal(std::string_view why) {
  const auto now = std::chrono::steady_clock::now();
  if (now - last_refusal_log_ < std::chrono::seconds(1)) {
    ++refusals_unlogged_;
    return;
  }
  parts_.logger->warn("refused a connection: {} ({} more since the last such line)", why,
                      std::exchange(refusals_unlogged_, 0));
  last_refusal_log_ = now;
}

}  // namespace surety
