#pragma once

#include <cstdint>
#include <mutex>
#include <optional>
#include <set>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "surety/clock.h"
#include "surety/peer.h"
#include "workload_api/uid_limits.h"

namespace surety {

class ConnectionTable;

/// Proof that a call was admitted. Gives its place back when destroyed.
/// Moved, never copied; outlived by its table.
class CallTicket {
 public:
  CallTicket(CallTicket&& other) noexcept;
  CallTicket& operator=(CallTicket&&) = delete;
  ~CallTicket();

  [[nodiscard]] const Peer& peer() const { return peer_; }

 private:
  friend class ConnectionTable;
  CallTicket(ConnectionTable& table, Peer peer) : table_(&table), peer_(std::move(peer)) {}
  ConnectionTable* table_;
  Peer peer_;
};

/// Every open connection with who is at its other end, and what each uid may
/// still open. gRPC names a connection by its descriptor ("fd:7"): the number
/// cannot be reused while a call on it lives, since the call holds the
/// transport that owns it. Thread-safe.
class ConnectionTable {
 public:
  /// A second descriptor of the connection's socket and what is watched with it.
  struct Added {
    std::uint64_t connection_id;
    bool first_of_process;  ///< Nothing watches this process's pidfd yet.
  };
  struct Removed {
    UniqueFd watch;  ///< The second descriptor, to be taken off epoll and closed.
    /// Set if this was the process's last connection.
    std::shared_ptr<const ProcessHandle> unwatched_process;
  };
  struct Counts {
    std::uint32_t connections;
    std::uint32_t calls;
    std::uint64_t accepted_total;
    std::uint64_t refused_connections_total;
    std::uint64_t refused_calls_total;
  };

  ConnectionTable(const Clock& clock, const UidLimits& limits) : clock_(clock), limits_(limits) {}

  /// Enters an accepted connection. Overwrites what is known of `fd`: the kernel
  /// gives a number out again only after its last owner has closed it.
  /// kResourceExhausted if the uid or the daemon has too many.
  Result<Added> Add(int fd, Peer peer, UniqueFd watch);
  std::optional<Removed> Remove(std::uint64_t connection_id);

  /// Whether the connection that gRPC calls `grpc_peer` is one of these.
  [[nodiscard]] bool Knows(std::string_view grpc_peer) const;

  /// Admits one call on the connection that gRPC calls `grpc_peer`.
  /// kPermissionDenied if that is none of ours or its process has exited,
  /// kResourceExhausted if its uid has too many open or calls too fast.
  Result<CallTicket> BeginCall(std::string_view grpc_peer);

  /// Cuts a connection off: shutdown(2), after which gRPC ends its calls and
  /// the poller removes it.
  void Cut(std::uint64_t connection_id) const;
  /// Cuts every connection of a process and admits no further call on them.
  void CutProcess(const ProcessKey& process);
  /// Cuts connections that never called for `silent`, or had no open call for `idle`.
  void CutIdle(BootClock::duration silent, BootClock::duration idle) const;
  /// Cuts everything.
  void CutAll() const;

  [[nodiscard]] Counts counts() const;

 private:
  friend class CallTicket;
  struct Connection {
    int fd;
    Peer peer;
    UniqueFd watch;
    BootTime last_active;
    std::uint32_t open_calls = 0;
    bool has_called = false;
    bool cut = false;
  };

  void EndCall(const Peer& peer);

  const Clock& clock_;

  mutable std::mutex mutex_;
  // All below guarded by mutex_.
  UidLimiter limits_;
  std::unordered_map<std::uint64_t, Connection> connections_;
  std::unordered_map<int, std::uint64_t> by_fd_;
  std::unordered_map<ProcessKey, std::set<std::uint64_t>> by_process_;
  std::uint64_t next_id_ = 1;
  std::uint64_t refused_connections_ = 0;
  std::uint64_t refused_calls_ = 0;
};

}  // namespace surety
