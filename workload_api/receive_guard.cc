#include "workload_api/receive_guard.h"

#include <dlfcn.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <utility>

#include "workload_api/frame_guard.h"

namespace surety {
namespace {

// Who the kernel names where nobody was asked to be named when the message was sent:
// between accept(2) and NameSenders, before Linux 6.16. Its user is the overflow uid.
constexpr uid_t kNobodyNamed = 65'534;

ssize_t KernelRecvmsg(int fd, msghdr* message, int flags) {
  return ::syscall(SYS_recvmsg, fd, message, flags);
}

std::optional<ino_t> SocketOf(int fd) {
  struct stat status {};
  if (::fstat(fd, &status) != 0 || !S_ISSOCK(status.st_mode)) return std::nullopt;
  return status.st_ino;
}

std::optional<ucred> SenderOf(msghdr& message) {
  for (cmsghdr* part = CMSG_FIRSTHDR(&message); part != nullptr;
       part = CMSG_NXTHDR(&message, part)) {
    if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_CREDENTIALS) continue;
    ucred sender{};
    std::memcpy(&sender, CMSG_DATA(part), sizeof sender);
    return sender;
  }
  return std::nullopt;
}

}  // namespace

/// One guarded socket and what its client has sent so far.
class GuardedSocket {
 public:
  GuardedSocket(std::optional<ino_t> socket, pid_t connector, uid_t user,
                ReceiveGuard::Offended offended)
      : socket_(socket), connector_(connector), user_(user), offended_(std::move(offended)) {}

  [[nodiscard]] bool Is(int fd) const { return socket_ && SocketOf(fd) == socket_; }

  // As recvmsg(2). Descriptors that a client passes along are never taken: there is
  // room for its name alone.
  ssize_t Receive(int fd, msghdr& message, int flags) {
    alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(ucred))> control{};
    msghdr own = message;
    own.msg_control = control.data();
    own.msg_controllen = control.size();
    const std::lock_guard lock(mutex_);
    const ssize_t received = KernelRecvmsg(fd, &own, flags);
    if (received < 0) return received;
    message.msg_flags = own.msg_flags & ~MSG_CTRUNC;
    message.msg_controllen = 0;
    if (received > 0) Look(own, static_cast<std::size_t>(received));
    if (!ended_) return received;
    errno = ECONNRESET;
    return -1;
  }

 private:
  void Look(msghdr& message, std::size_t received) {
    CheckSender(SenderOf(message));
    for (const iovec& piece : std::span(message.msg_iov, message.msg_iovlen)) {
      const std::size_t size = std::min(received, piece.iov_len);
      received -= size;
      if (!frames_.Take({static_cast<const std::uint8_t*>(piece.iov_base), size}))
        return Offend(Offence::kHeaderBlock, connector_);
    }
  }

  void CheckSender(const std::optional<ucred>& sender) {
    if (!sender) return Offend(Offence::kOtherUser, 0);
    const bool nobody = sender->pid == 0 && sender->uid == kNobodyNamed;
    if (sender->pid == connector_ || nobody) return;
    const bool may = sender->uid == user_ || sender->uid == 0;
    Offend(may ? Offence::kOtherProcess : Offence::kOtherUser, sender->pid);
  }

  void Offend(Offence offence, pid_t sender) {
    const bool ends = offence != Offence::kOtherProcess;
    bool& known = ends ? ended_ : shared_;
    if (!std::exchange(known, true)) offended_(offence, sender);
  }

  const std::optional<ino_t> socket_;
  const pid_t connector_;
  const uid_t user_;
  const ReceiveGuard::Offended offended_;
  std::mutex mutex_;
  bool ended_ = false;  // By mutex_, as what follows.
  bool shared_ = false;
  FrameGuard frames_;
};

namespace {

// Of the whole process, as the function that asks it is.
class GuardedSockets {
 public:
  void Put(int fd, std::shared_ptr<GuardedSocket> socket) {
    Shard& shard = ShardOf(fd);
    const std::lock_guard lock(shard.mutex);
    shard.sockets[fd] = std::move(socket);
  }

  void Remove(int fd, const std::shared_ptr<GuardedSocket>& socket) {
    Shard& shard = ShardOf(fd);
    const std::lock_guard lock(shard.mutex);
    const auto at = shard.sockets.find(fd);
    if (at != shard.sockets.end() && at->second == socket) shard.sockets.erase(at);
  }

  std::shared_ptr<GuardedSocket> Find(int fd) {
    Shard& shard = ShardOf(fd);
    const std::lock_guard lock(shard.mutex);
    const auto at = shard.sockets.find(fd);
    return at == shard.sockets.end() ? nullptr : at->second;
  }

 private:
  struct Shard {
    std::mutex mutex;
    std::unordered_map<int, std::shared_ptr<GuardedSocket>> sockets;
  };
  Shard& ShardOf(int fd) { return shards_.at(static_cast<unsigned>(fd) % shards_.size()); }

  std::array<Shard, 16> shards_;
};

// Never destroyed: threads of gRPC's may outlive main.
GuardedSockets& Sockets() {
  static auto& sockets = *new GuardedSockets;  // NOLINT(cppcoreguidelines-owning-memory)
  return sockets;
}

}  // namespace

Result<void> ReceiveGuard::Ready() {
  if (::dlsym(RTLD_DEFAULT, "recvmsg") == reinterpret_cast<void*>(&::recvmsg)) return {};
  return Error(ErrorCode::kInternal,
               "another recvmsg(2) stands before suretyd's own, which looks at what clients send: "
               "run it without LD_PRELOAD, as it was built");
}

Result<void> ReceiveGuard::NameSenders(int fd) {
  const int on = 1;
  if (::setsockopt(fd, SOL_SOCKET, SO_PASSCRED, &on, sizeof on) == 0) return {};
  return Error(ErrorCode::kInternal, std::string("SO_PASSCRED: ") + std::strerror(errno));
}

ReceiveGuard::ReceiveGuard(int fd, pid_t connector, uid_t user, Offended offended)
    : fd_(fd),
      socket_(std::make_shared<GuardedSocket>(SocketOf(fd), connector, user, std::move(offended))) {
  Sockets().Put(fd_, socket_);
}

ReceiveGuard::~ReceiveGuard() {
  if (socket_) Sockets().Remove(fd_, socket_);
}

}  // namespace surety

extern "C" ssize_t recvmsg(int fd, msghdr* message, int flags) {
  // What is only looked at, or comes from the error queue, is no data of a client's.
  const auto socket =
      (flags & (MSG_PEEK | MSG_ERRQUEUE)) == 0 ? surety::Sockets().Find(fd) : nullptr;
  if (!socket || !socket->Is(fd)) return surety::KernelRecvmsg(fd, message, flags);
  return socket->Receive(fd, *message, flags);
}
