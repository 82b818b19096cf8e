#include "workload_api/connection_table.h"

#include <sys/socket.h>

#include <charconv>
#include <utility>

namespace surety {
namespace {

// gRPC's name of a connection made from a descriptor.
std::optional<int> DescriptorOf(std::string_view grpc_peer) {
  constexpr std::string_view kPrefix = "fd:";
  if (!grpc_peer.starts_with(kPrefix)) return std::nullopt;
  grpc_peer.remove_prefix(kPrefix.size());
  int fd = -1;
  const auto [end, error] =
      std::from_chars(grpc_peer.data(), grpc_peer.data() + grpc_peer.size(), fd);
  if (error != std::errc{} || end != grpc_peer.data() + grpc_peer.size()) return std::nullopt;
  return fd;
}

}  // namespace

CallTicket::CallTicket(CallTicket&& other) noexcept
    : table_(std::exchange(other.table_, nullptr)), peer_(std::move(other.peer_)) {}

CallTicket::~CallTicket() {
  if (table_ != nullptr) table_->EndCall(peer_);
}

Result<ConnectionTable::Added> ConnectionTable::Add(int fd, Peer peer, UniqueFd watch) {
  const BootTime now = clock_.Now().boot;
  const std::lock_guard lock(mutex_);
  if (auto room = limits_.OpenConnection(peer.uid, now); !room) {
    ++refused_connections_;
    return room.error();
  }
  const std::uint64_t id = next_id_++;
  peer.connection_id = id;
  auto& connections_of_process = by_process_[peer.process->key()];
  const bool first = connections_of_process.empty();
  connections_of_process.insert(id);
  by_fd_[fd] = id;
  connections_.emplace(
      id,
      Connection{.fd = fd, .peer = std::move(peer), .watch = std::move(watch), .last_active = now});
  return Added{.connection_id = id, .first_of_process = first};
}

std::optional<ConnectionTable::Removed> ConnectionTable::Remove(std::uint64_t connection_id) {
  const std::lock_guard lock(mutex_);
  const auto at = connections_.find(connection_id);
  if (at == connections_.end()) return std::nullopt;
  Connection& connection = at->second;
  Removed removed{.watch = std::move(connection.watch), .unwatched_process = nullptr};

  if (const auto named = by_fd_.find(connection.fd);
      named != by_fd_.end() && named->second == connection_id)
    by_fd_.erase(named);
  const auto siblings = by_process_.find(connection.peer.process->key());
  siblings->second.erase(connection_id);
  if (siblings->second.empty()) {
    removed.unwatched_process = connection.peer.process;
    by_process_.erase(siblings);
  }
  limits_.CloseConnection(connection.peer.uid);
  connections_.erase(at);
  return removed;
}

bool ConnectionTable::Knows(std::string_view grpc_peer) const {
  const auto fd = DescriptorOf(grpc_peer);
  const std::lock_guard lock(mutex_);
  return fd && by_fd_.contains(*fd);
}

Result<CallTicket> ConnectionTable::BeginCall(std::string_view grpc_peer) {
  const Error unknown(ErrorCode::kPermissionDenied, "the caller's process cannot be told");
  const auto fd = DescriptorOf(grpc_peer);
  if (!fd) return unknown;

  const BootTime now = clock_.Now().boot;
  const std::lock_guard lock(mutex_);
  const auto named = by_fd_.find(*fd);
  if (named == by_fd_.end()) return unknown;
  Connection& connection = connections_.at(named->second);
  if (connection.cut || !connection.peer.process->IsAlive()) return unknown;
  if (auto room = limits_.OpenCall(connection.peer.uid, now); !room) {
    ++refused_calls_;
    return room.error();
  }
  connection.has_called = true;
  connection.last_active = now;
  ++connection.open_calls;
  return CallTicket(*this, connection.peer);
}

void ConnectionTable::EndCall(const Peer& peer) {
  const BootTime now = clock_.Now().boot;
  const std::lock_guard lock(mutex_);
  limits_.CloseCall(peer.uid);
  const auto at = connections_.find(peer.connection_id);
  if (at == connections_.end()) return;
  --at->second.open_calls;
  at->second.last_active = now;
}

void ConnectionTable::Cut(std::uint64_t connection_id) const {
  const std::lock_guard lock(mutex_);
  const auto at = connections_.find(connection_id);
  if (at != connections_.end()) ::shutdown(at->second.watch.get(), SHUT_RDWR);
}

void ConnectionTable::CutProcess(const ProcessKey& process) {
  const std::lock_guard lock(mutex_);
  const auto at = by_process_.find(process);
  if (at == by_process_.end()) return;
  for (const std::uint64_t id : at->second) {
    Connection& connection = connections_.at(id);
    connection.cut = true;
    ::shutdown(connection.watch.get(), SHUT_RDWR);
  }
}

void ConnectionTable::CutIdle(BootClock::duration silent, BootClock::duration idle) const {
  const BootTime now = clock_.Now().boot;
  const std::lock_guard lock(mutex_);
  for (const auto& [id, connection] : connections_) {
    const auto patience = connection.has_called ? idle : silent;
    if (connection.open_calls == 0 && now - connection.last_active > patience)
      ::shutdown(connection.watch.get(), SHUT_RDWR);
  }
}

void ConnectionTable::CutAll() const {
  const std::lock_guard lock(mutex_);
  for (const auto& [id, connection] : connections_) ::shutdown(connection.watch.get(), SHUT_RDWR);
}

ConnectionTable::Counts ConnectionTable::counts() const {
  const std::lock_guard lock(mutex_);
  return {.connections = limits_.connections(),
          .calls = limits_.calls(),
          .accepted_total = next_id_ - 1,
          .refused_connections_total = refused_connections_,
          .refused_calls_total = refused_calls_};
}

}  // namespace surety
