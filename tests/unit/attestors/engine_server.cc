#include "tests/unit/attestors/engine_server.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <utility>

namespace surety::testing {
namespace {

constexpr std::size_t kMaxRequest = 4096;

// False if `stop` came first.
bool Await(int fd, short events, int stop) {
  std::array<pollfd, 2> watched{{{fd, events, 0}, {stop, POLLIN, 0}}};
  while (::poll(watched.data(), watched.size(), -1) < 0) {
  }
  return watched[1].revents == 0;
}

}  // namespace

EngineServer::EngineServer(std::string path, uid_t uid)
    : path_(std::move(path)),
      listener_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)),
      stop_(::eventfd(0, EFD_CLOEXEC)) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path_.copy(address.sun_path, sizeof(address.sun_path) - 1);
  ::bind(listener_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address));
  if (::chown(path_.c_str(), uid, uid) != 0) listener_.Reset();
  // Who listens is whom the kernel names; the system call changes one thread alone.
  std::thread([&] {
    ::syscall(SYS_setresuid, -1, uid, -1);
    ::listen(listener_.get(), SOMAXCONN);
  }).join();
  accepting_ = std::thread([this] { Accept(); });
}

EngineServer::~EngineServer() {
  ::eventfd_write(stop_.get(), 1);
  accepting_.join();
  for (auto& thread : serving_) thread.join();
}

void EngineServer::Say(Answer answer) {
  const std::lock_guard lock(mutex_);
  answer_ = std::move(answer);
  script_ = nullptr;
}

void EngineServer::Do(Script script) {
  const std::lock_guard lock(mutex_);
  script_ = std::move(script);
}

void EngineServer::Vanish() {
  ::unlink(path_.c_str());
  ::shutdown(listener_.get(), SHUT_RDWR);
}

bool EngineServer::Write(int connection, const std::string& bytes) const {
  std::size_t written = 0;
  while (written < bytes.size()) {
    if (!Await(connection, POLLOUT, stop_.get())) return false;
    const ssize_t now = ::send(connection, bytes.data() + written, bytes.size() - written,
                               MSG_NOSIGNAL | MSG_DONTWAIT);
    if (now < 0) return false;
    written += static_cast<std::size_t>(now);
  }
  return true;
}

void EngineServer::Hang(int connection) const {
  std::array<char, 64> ignored{};
  while (Await(connection, POLLIN, stop_.get()) &&
         ::recv(connection, ignored.data(), ignored.size(), 0) > 0) {
  }
}

void EngineServer::Accept() {
  while (Await(listener_.get(), POLLIN, stop_.get())) {
    const int connection = ::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC);
    if (connection < 0) return;
    const std::lock_guard lock(mutex_);
    serving_.emplace_back([this, connection] {
      const UniqueFd owned(connection);
      Serve(connection);
    });
  }
}

void EngineServer::Serve(int connection) {
  std::string request;
  std::array<char, kMaxRequest> buffer{};
  while (request.find("\r\n\r\n") == std::string::npos) {
    if (!Await(connection, POLLIN, stop_.get())) return;
    const ssize_t got = ::recv(connection, buffer.data(), buffer.size(), 0);
    if (got <= 0) return;
    request.append(buffer.data(), static_cast<std::size_t>(got));
  }
  ++requests_;
  Answer answer;
  Script script;
  {
    const std::lock_guard lock(mutex_);
    answer = answer_;
    script = script_;
  }
  const auto begin = request.find(' ') + 1;
  if (script) return script(connection);
  if (answer) Write(connection, answer(request.substr(begin, request.find(' ', begin) - begin)));
}

std::string HttpAnswer(int status, const std::string& body, const std::string& type) {
  return "HTTP/1.1 " + std::to_string(status) + " Whatever\r\nContent-Type: " + type +
         "\r\nContent-Length: " + std::to_string(body.size()) + "\r\nConnection: close\r\n\r\n" +
         body;
}

}  // namespace surety::testing
