#include "workload_api/door.h"

#include <utility>

namespace surety {

Result<void> Door::Open(std::function<void(UniqueFd)> hand_over) {
  auto socket = UnixSocket::Listen(parts_.socket);
  if (!socket) return socket.error();
  socket_.emplace(*std::move(socket));
  auto listener = Listener::Start({.listening_fd = socket_->fd(),
                                   .table = table_,
                                   .opener = parts_.opener,
                                   .admits = parts_.admits,
                                   .hand_over = std::move(hand_over),
                                   .offended = parts_.offended,
                                   .logger = parts_.logger,
                                   .times = parts_.times});
  if (!listener) return listener.error();
  listener_ = *std::move(listener);
  return {};
}

void Door::StopAccepting() {
  if (listener_) listener_->StopAccepting();
}

void Door::Close() {
  listener_.reset();
  socket_.reset();
}

}  // namespace surety
