#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>

#include "agent/watch/event_filter.h"
#include "agent/watch/proc_event.h"
#include "surety/result.h"
#include "surety/unique_fd.h"

namespace surety {

/// A subscription to the events of the kernel's proc connector
/// (Documentation/driver-api/connector.rst, linux/cn_proc.h): a netlink socket
/// whose own filter chooses among them. The kernel's later choice by type (struct
/// proc_input, Linux 6.6) is not used: it also drops the acknowledgement. One owner.
class ProcConnector {
 public:
  /// Subscribes. The filter is in place before the first event. `buffer_bytes` is
  /// the room for unread messages, as SO_RCVBUFFORCE or, without CAP_NET_ADMIN,
  /// SO_RCVBUF give it. kPermissionDenied before Linux 6.6 without CAP_NET_ADMIN,
  /// kUnavailable where there is no connector: other network namespaces than the
  /// first, kernels without CONFIG_PROC_EVENTS. Success proves nothing yet: in
  /// another pid or user namespace the kernel ignores the request in silence.
  static Result<ProcConnector> Subscribe(const SocketFilter& filter, int buffer_bytes);

  ProcConnector(ProcConnector&&) = default;
  ProcConnector& operator=(ProcConnector&&) = default;
  /// Kernels before 6.6 count listeners and have to be told.
  ~ProcConnector();

  /// Changes the filter; no event is lost in between. On failure the old one, or
  /// none, is in place: more may pass than was asked for, never less.
  /// kResourceExhausted: net.core.optmem_max.
  Result<void> SetFilter(const SocketFilter& filter);

  struct Drained {
    std::size_t events = 0;
    bool overflowed = false;  ///< The kernel had to drop events (netlink(7), ENOBUFS).
  };
  /// Calls `each` for the events that have come, until there are none or `most`
  /// messages were read. Does not wait. Only what the kernel has sent is believed.
  Drained Read(const std::function<void(const ProcEvent&)>& each, std::size_t most);

  /// True once the kernel has said that it has understood the request.
  [[nodiscard]] bool acknowledged() const { return acknowledged_; }
  [[nodiscard]] int fd() const { return socket_.get(); }

 private:
  ProcConnector(UniqueFd socket, std::uint32_t request)
      : socket_(std::move(socket)), request_(request) {}

  // Takes note of it if it is one.
  bool IsAcknowledgement(const ProcEvent& event);

  UniqueFd socket_;
  std::uint32_t request_;
  bool acknowledged_ = false;
};

}  // namespace surety
