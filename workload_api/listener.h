#pragma once

#include <atomic>
#include <chrono>
#include <deque>
#include <functional>
#include <memory>
#include <string_view>
#include <thread>
#include <unordered_map>

#include "surety/peer.h"
#include "surety/process.h"
#include "surety/unique_fd.h"
#include "workload_api/connection_table.h"
#include "workload_api/receive_guard.h"

namespace spdlog {
class logger;
}

namespace surety {

struct ListenerTimes {
  std::chrono::milliseconds silent{30'000};  ///< A client that connected and never called.
  std::chrono::milliseconds idle{600'000};   ///< A client without an open call.
};

/// Accepts on one socket, asks the kernel who connected, enters that into the
/// table, and hands the descriptor on to gRPC, guarded (receive_guard.h). Then watches each
/// connection for its end and each process for its exit, which ends all of its connections, whoever
/// holds them by then. One thread.
class Listener {
 public:
  struct Parts {
    int listening_fd;  ///< Non-blocking; not owned.
    ConnectionTable& table;
    ProcessOpener& opener;
    std::function<bool(const Peer&)> admits;  ///< False: cut off at once, and logged.
    std::function<void(UniqueFd)> hand_over;  ///< Takes an accepted socket.
    /// Told of what was sent and should not have been; outlives the guard.
    std::function<void(const Peer&, Offence, pid_t sender)> offended;
    std::shared_ptr<spdlog::logger> logger;
    ListenerTimes times;
  };

  /// kInternal if the kernel gives no epoll.
  static Result<std::unique_ptr<Listener>> Start(Parts parts);
  ~Listener();

  /// Accepts no more. Connections that are open go on being watched.
  void StopAccepting();

  /// Set if the kernel has no SO_PEERPIDFD and peers are named by pid and start
  /// time alone.
  [[nodiscard]] bool peers_by_pid() const { return peers_by_pid_; }

 private:
  Listener(Parts parts, UniqueFd epoll, UniqueFd wake);

  void Run();
  void AcceptAll();
  void ServeAccepted();
  void AcceptOne(UniqueFd connection);
  Result<Peer> PeerOf(const UniqueFd& connection);
  bool Watch(int fd, std::uint32_t events, std::uint64_t what) const;
  void Handle(std::uint64_t what);
  void ConnectionEnded(std::uint64_t connection_id);
  void LogRefusal(std::string_view why);

  const Parts parts_;
  const UniqueFd epoll_;
  const UniqueFd wake_;
  const std::size_t max_accepted_;
  std::deque<UniqueFd> accepted_;  // Not looked at yet; at most max_accepted_.
  UniqueFd spare_;  // Given up for a moment to close a connection when descriptors run out.
  std::unordered_map<std::uint64_t, ReceiveGuard> guards_;  // By connection.
  std::unordered_map<std::uint64_t, std::shared_ptr<const ProcessHandle>> watched_;
  std::unordered_map<ProcessKey, std::uint64_t> watch_ids_;
  std::uint64_t next_watch_ = 1;
  std::chrono::steady_clock::time_point last_refusal_log_{};
  std::uint64_t refusals_unlogged_ = 0;
  std::atomic<bool> peers_by_pid_ = false;
  std::atomic<bool> stop_accepting_ = false;
  std::atomic<bool> stopping_ = false;
  std::thread thread_;
};

}  // namespace surety
