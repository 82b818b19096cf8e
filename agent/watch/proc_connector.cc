#include "agent/watch/proc_connector.h"

#include <linux/connector.h>
#include <linux/netlink.h>
#include <sys/random.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <string>

namespace surety {
namespace {

// enum proc_cn_mcast_op of linux/cn_proc.h.
constexpr std::uint32_t kListen = 1;
constexpr std::uint32_t kIgnore = 2;

constexpr std::size_t kBatch = 32;
constexpr std::size_t kLongestMessage = 256;

// struct cn_msg ends in a flexible array, which C++ does not have.
struct Request {
  nlmsghdr header;
  cb_id id;
  std::uint32_t sequence;
  std::uint32_t acknowledges;
  std::uint16_t length;
  std::uint16_t flags;
  std::uint32_t operation;
};
static_assert(sizeof(Request) == sizeof(nlmsghdr) + sizeof(cn_msg) + sizeof(std::uint32_t));

Error Failed(const std::string& what) {
  const int error = errno;
  const bool denied = error == EPERM || error == EACCES;
  const bool scarce = error == EMFILE || error == ENFILE || error == ENOMEM || error == ENOBUFS;
  return {denied   ? ErrorCode::kPermissionDenied
          : scarce ? ErrorCode::kResourceExhausted
                   : ErrorCode::kUnavailable,
          what + ": " + std::strerror(error)};
}

bool Send(int socket, std::uint32_t operation, std::uint32_t number) {
  Request request{};
  request.header.nlmsg_len = sizeof request;
  request.header.nlmsg_type = NLMSG_DONE;
  request.id = {.idx = CN_IDX_PROC, .val = CN_VAL_PROC};
  request.sequence = number;
  request.acknowledges = number;
  request.length = sizeof request.operation;
  request.operation = operation;
  return ::send(socket, &request, sizeof request, 0) == sizeof request;
}

void SetBuffer(int socket, int bytes) {
  if (::setsockopt(socket, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof bytes) != 0)
    ::setsockopt(socket, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes);
}

// By value, since the interface lacks a const.
Result<void> Attach(int socket, SocketFilter filter) {
  const sock_fprog program{static_cast<std::uint16_t>(filter.size()), filter.data()};
  if (::setsockopt(socket, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program) != 0)
    return Failed("cannot attach a filter to the proc connector's socket");
  return {};
}

std::uint32_t RandomNumber() {
  std::uint32_t number = 0;
  return ::getrandom(&number, sizeof number, 0) == sizeof number ? number : 0;
}

// Room for as many messages as one system call reads.
class Batch {
 public:
  // How many have come, or -1 and errno.
  int Receive(int socket) {
    for (std::size_t i = 0; i < kBatch; ++i) {
      places_.at(i) = {texts_.at(i).data(), kLongestMessage};
      messages_.at(i) = {};
      messages_.at(i).msg_hdr.msg_name = &senders_.at(i);
      messages_.at(i).msg_hdr.msg_namelen = sizeof(sockaddr_nl);
      messages_.at(i).msg_hdr.msg_iov = &places_.at(i);
      messages_.at(i).msg_hdr.msg_iovlen = 1;
    }
    return ::recvmmsg(socket, messages_.data(), kBatch, MSG_DONTWAIT, nullptr);
  }

  // nullopt if it is not one of the kernel's.
  [[nodiscard]] std::optional<ProcEvent> Event(std::size_t i) const {
    const auto& message = messages_.at(i);
    if (senders_.at(i).nl_pid != 0 || (message.msg_hdr.msg_flags & MSG_TRUNC) != 0)
      return std::nullopt;
    return ParseProcEvent({texts_.at(i).data(), message.msg_len});
  }

 private:
  std::array<std::array<char, kLongestMessage>, kBatch> texts_{};
  std::array<sockaddr_nl, kBatch> senders_{};
  std::array<iovec, kBatch> places_{};
  std::array<mmsghdr, kBatch> messages_{};
};

}  // namespace

Result<ProcConnector> ProcConnector::Subscribe(const SocketFilter& filter, int buffer_bytes) {
  UniqueFd socket(
      ::socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_CONNECTOR));
  if (!socket) return Failed("this kernel has no proc connector");
  SetBuffer(socket.get(), buffer_bytes);
  if (const auto attached = Attach(socket.get(), filter); !attached) return attached.error();
  sockaddr_nl group{};
  group.nl_family = AF_NETLINK;
  group.nl_groups = CN_IDX_PROC;
  if (::bind(socket.get(), reinterpret_cast<const sockaddr*>(&group), sizeof group) != 0)
    return Failed("may not listen to the proc connector (CAP_NET_ADMIN before Linux 6.6)");
  const auto request = RandomNumber();
  if (!Send(socket.get(), kListen, request))
    return Failed(errno == ECONNREFUSED ? "no proc connector in this network namespace"
                                        : "cannot subscribe to the proc connector");
  return ProcConnector(std::move(socket), request);
}

ProcConnector::~ProcConnector() {
  if (socket_) Send(socket_.get(), kIgnore, request_);
}

// An old filter and a new one may not fit into the room for options together.
Result<void> ProcConnector::SetFilter(const SocketFilter& filter) {
  if (Attach(socket_.get(), filter)) return {};
  const int unused = 0;
  ::setsockopt(socket_.get(), SOL_SOCKET, SO_DETACH_FILTER, &unused, sizeof unused);
  return Attach(socket_.get(), filter);
}

ProcConnector::Drained ProcConnector::Read(const std::function<void(const ProcEvent&)>& each,
                                           std::size_t most) {
  Batch batch;
  Drained drained;
  for (std::size_t read = 0; read < most;) {
    const int got = batch.Receive(socket_.get());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0 && errno == ENOBUFS) {
      drained.overflowed = true;
      read += kBatch;  // So that a storm does not hold us here.
      continue;
    }
    if (got <= 0) break;
    const auto count = static_cast<std::size_t>(got);
    for (std::size_t i = 0; i < count; ++i)
      if (const auto event = batch.Event(i); event && !IsAcknowledgement(*event)) {
        ++drained.events;
        each(*event);
      }
    if (count < kBatch) break;
    read += count;
  }
  return drained;
}

bool ProcConnector::IsAcknowledgement(const ProcEvent& event) {
  if (event.type != ProcEventType::kAcknowledgement) return false;
  // Those of other listeners come here too.
  if (event.acknowledges == request_ + 1 && event.error == 0) acknowledged_ = true;
  return true;
}

}  // namespace surety
