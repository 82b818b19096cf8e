#include "agent/daemon_metrics.h"

#include <fcntl.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "agent/metrics/exposition.h"
#include "agent/metrics/loopback_socket.h"

namespace surety {
namespace {

CountedKinds KindsOf(const std::vector<std::unique_ptr<Attestor>>& attestors) {
  CountedKinds kinds{.selectors = SelectorKindsOf(attestors), .attestors = {"lineage"}};
  for (const auto& attestor : attestors) kinds.attestors.emplace_back(attestor->name());
  return kinds;
}

}  // namespace

DaemonMetrics::DaemonMetrics(MetricsConfig config, AuditLog& record,
                             const std::vector<std::unique_ptr<Attestor>>& attestors)
    : config_(std::move(config)), counted_(record, KindsOf(attestors)) {}

std::string DaemonMetrics::address() const {
  if (!config_.port) return "unix://" + config_.socket.path;
  return (config_.port->ipv6 ? "[::1]:" : "127.0.0.1:") + std::to_string(config_.port->number);
}

Result<UniqueFd> DaemonMetrics::MakeSocket() {
  if (config_.port)
    return ListenOnLoopback({.ipv6 = config_.port->ipv6, .port = config_.port->number});
  auto socket = UnixSocket::Listen({.path = config_.socket.path,
                                    .mode = config_.socket.mode,
                                    .owner = config_.socket.owner,
                                    .group = config_.socket.group});
  if (!socket) return socket.error();
  socket_.emplace(*std::move(socket));
  // The path goes with the socket, the descriptor with the server.
  UniqueFd fd(::fcntl(socket_->fd(), F_DUPFD_CLOEXEC, 0));
  if (!fd) return Error(ErrorCode::kUnavailable, address() + ": " + std::strerror(errno));
  return fd;
}

Result<void> DaemonMetrics::Listen() {
  auto listening = MakeSocket();
  if (!listening) return listening.error();
  listening_ = *std::move(listening);
  return {};
}

Result<void> DaemonMetrics::Serve(std::function<MetricsSnapshot()> snapshot) {
  auto server = HttpServer::Start(
      std::move(listening_), std::string(kExpositionType),
      [this, snapshot = std::move(snapshot)] { return Exposition(counted_, snapshot()); }, {});
  if (!server) return server.error();
  server_ = *std::move(server);
  return {};
}

void DaemonMetrics::Stop() {
  server_.reset();
  socket_.reset();
}

}  // namespace surety
