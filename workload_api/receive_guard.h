#pragma once

#include <sys/types.h>

#include <functional>
#include <memory>

#include "surety/result.h"

namespace surety {

class GuardedSocket;

/// What a client sent that it should not have. The first two end the connection before
/// gRPC has seen the bytes.
enum class Offence {
  kHeaderBlock,   ///< A header block that does not end: frame_guard.h.
  kOtherUser,     ///< Sent by a process of another user than the one who connected.
  kOtherProcess,  ///< By another process of that user or of root, who could take the
                  ///< connector over in any case: told of and let through.
};

/// Stands between a connection and gRPC, which reads sockets by itself: this program's
/// own recvmsg(2) takes the place of the C library's and looks at what it received on
/// guarded descriptors (decision 013). Every message is asked for its sender
/// (SO_PASSCRED, unix(7)), every header block is bounded. An offence is told once, and
/// where it ends the connection gRPC reads ECONNRESET. Guards end with their owner.
/// Thread-safe.
class ReceiveGuard {
 public:
  /// Called on a thread of gRPC's. `sender` is 0 where another pid namespace hides it.
  using Offended = std::function<void(Offence, pid_t sender)>;

  /// Fails if this program's recvmsg is not the one that gRPC calls.
  static Result<void> Ready();

  /// Asks the kernel to name senders from now on, on a listening socket for all that
  /// it accepts (Linux 6.16) or on a connection. kInternal if it would not.
  static Result<void> NameSenders(int fd);

  /// Guards the socket that is `fd` now: a later one of the same number is another.
  ReceiveGuard(int fd, pid_t connector, uid_t user, Offended offended);
  ReceiveGuard(ReceiveGuard&& other) noexcept = default;
  ReceiveGuard& operator=(ReceiveGuard&&) = delete;
  ~ReceiveGuard();

 private:
  int fd_;
  std::shared_ptr<GuardedSocket> socket_;  // Shared with a recvmsg that is under way.
};

}  // namespace surety
