// On real sockets, with callers that do what they should not.

#include "agent/metrics/http_server.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <vector>

#include "agent/metrics/loopback_socket.h"

namespace surety {
namespace {

using std::chrono::milliseconds;
using testing::AllOf;
using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

constexpr milliseconds kLong{10'000};

template <typename Address>
UniqueFd ConnectTo(const Address& address, socklen_t size) {
  const auto* generic = reinterpret_cast<const sockaddr*>(&address);
  UniqueFd fd(::socket(generic->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
  EXPECT_EQ(::connect(fd.get(), generic, size), 0) << std::strerror(errno);
  return fd;
}

/// What comes until the other end closes, or "late" if it does not in time.
std::string ReadAll(const UniqueFd& fd, milliseconds patience = kLong) {
  std::string all;
  while (true) {
    pollfd wait{fd.get(), POLLIN, 0};
    if (::poll(&wait, 1, static_cast<int>(patience.count())) != 1) return all + "late";
    std::array<char, 4'096> bytes;
    const auto got = ::recv(fd.get(), bytes.data(), bytes.size(), 0);
    if (got <= 0) return all;
    all.append(bytes.data(), static_cast<std::size_t>(got));
  }
}

bool Send(const UniqueFd& fd, const std::string& text) {
  return ::send(fd.get(), text.data(), text.size(), MSG_NOSIGNAL) ==
         static_cast<ssize_t>(text.size());
}

class HttpServerTest : public testing::Test {
 protected:
  void Start(const HttpLimits& limits = {}) {
    // In the abstract namespace, at a name that the kernel chooses.
    UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    address_.sun_family = AF_UNIX;
    auto* generic = reinterpret_cast<sockaddr*>(&address_);
    ASSERT_EQ(::bind(fd.get(), generic, sizeof(sa_family_t)), 0);
    size_ = sizeof address_;
    ASSERT_EQ(::getsockname(fd.get(), generic, &size_), 0);
    ASSERT_EQ(::listen(fd.get(), SOMAXCONN), 0);
    Serve(std::move(fd), limits);
  }
  void Serve(UniqueFd fd, const HttpLimits& limits) {
    auto server = HttpServer::Start(
        std::move(fd), "text/x",
        [this] {
          ++made_;
          return page_;
        },
        limits);
    ASSERT_TRUE(server);
    server_ = *std::move(server);
  }
  UniqueFd Connect() const { return ConnectTo(address_, size_); }
  std::string Ask(const std::string& request) const {
    const UniqueFd fd = Connect();
    EXPECT_TRUE(Send(fd, request));
    return ReadAll(fd);
  }
  std::string Get(const std::string& target = "/metrics") const {
    return Ask("GET " + target + " HTTP/1.1\r\nHost: localhost\r\n\r\n");
  }

  sockaddr_un address_{};
  socklen_t size_ = 0;
  std::string page_ = "up 1\n";
  std::atomic<int> made_ = 0;
  std::unique_ptr<HttpServer> server_;
};

TEST_F(HttpServerTest, ServesThePage) {
  Start();
  EXPECT_THAT(Get(), AllOf(StartsWith("HTTP/1.1 200 OK\r\n"), HasSubstr("Content-Type: text/x\r\n"),
                           HasSubstr("Content-Length: 5\r\n"), HasSubstr("Connection: close\r\n"),
                           EndsWith("\r\n\r\nup 1\n")));
  EXPECT_THAT(Get("/metrics?name=up"), StartsWith("HTTP/1.1 200 OK\r\n"));
  EXPECT_THAT(Ask("GET /metrics HTTP/1.0\r\n\r\n"), EndsWith("up 1\n"));
}

TEST_F(HttpServerTest, ServesAPageOfAnySize) {
  page_.assign(std::size_t{4} << 20, 'x');
  Start();
  EXPECT_THAT(Get(), EndsWith(page_));
}

TEST_F(HttpServerTest, HeadIsTheHeaderAlone) {
  Start();
  EXPECT_THAT(Ask("HEAD /metrics HTTP/1.1\r\nHost: x\r\n\r\n"),
              AllOf(StartsWith("HTTP/1.1 200 OK\r\n"), HasSubstr("Content-Length: 5\r\n"),
                    EndsWith("\r\n\r\n")));
}

TEST_F(HttpServerTest, WhatIsNotServedHasAnAnswerThatSaysSo) {
  Start();
  for (const std::string target : {"/", "/metricsx", "/metrics/", "//metrics", "*", "/../metrics"})
    EXPECT_THAT(Get(target), AllOf(StartsWith("HTTP/1.1 404 "), EndsWith("at /metrics\n")));
  for (const std::string method : {"POST", "PUT", "DELETE", "OPTIONS", "TRACE", "BREW"})
    EXPECT_THAT(Ask(method + " /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello"),
                AllOf(StartsWith("HTTP/1.1 405 "), HasSubstr("Allow: GET, HEAD\r\n")));
  for (const std::string what : {"GET\r\n\r\n", "GET /metrics HTTP/3.7\r\n\r\n",
                                 "\x16\x03\x01\x02 x", "GET /metrics HTTP/1.1\r\nno colon\r\n\r\n"})
    EXPECT_THAT(Ask(what), StartsWith("HTTP/1.1 400 "));
  EXPECT_EQ(made_, 0);
}

TEST_F(HttpServerTest, AHeaderThatIsTooLargeIsRefusedBeforeItHasEnded) {
  Start();
  const UniqueFd fd = Connect();
  ASSERT_TRUE(Send(fd, "GET /metrics HTTP/1.1\r\nX: " + std::string(9'000, 'x')));
  ASSERT_EQ(::shutdown(fd.get(), SHUT_WR), 0);
  EXPECT_THAT(ReadAll(fd), StartsWith("HTTP/1.1 431 "));
  const UniqueFd endless = Connect();
  const std::string line = "X: " + std::string(1'000, 'x') + "\r\n";
  ASSERT_TRUE(Send(endless, "GET /metrics HTTP/1.1\r\n"));
  for (int i = 0; i < 20 && Send(endless, line); ++i) {
  }
  EXPECT_EQ(::shutdown(endless.get(), SHUT_WR), 0);
  EXPECT_THAT(ReadAll(endless), StartsWith("HTTP/1.1 431 "));
  EXPECT_THAT(Get(), EndsWith("up 1\n"));
}

TEST_F(HttpServerTest, WhoIsSlowIsCutAndKeepsNobodyWaiting) {
  Start({.deadline = milliseconds(300)});
  const UniqueFd silent = Connect();
  const UniqueFd begun = Connect();
  ASSERT_TRUE(Send(begun, "GET /metrics HT"));
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_THAT(Get(), EndsWith("up 1\n"));
  EXPECT_LT(std::chrono::steady_clock::now() - begin, milliseconds(250));
  EXPECT_EQ(ReadAll(silent), "");
  EXPECT_EQ(ReadAll(begun), "");
  EXPECT_GE(std::chrono::steady_clock::now() - begin, milliseconds(200));
}

TEST_F(HttpServerTest, WhoDripsHasNoLongerThanOthers) {
  Start({.deadline = milliseconds(300)});
  const UniqueFd fd = Connect();
  ASSERT_TRUE(Send(fd, "GET /metrics HTTP/1.1\r\n"));
  const auto begin = std::chrono::steady_clock::now();
  while (Send(fd, "X: y\r\n") && std::chrono::steady_clock::now() - begin < kLong)
    static_cast<void>(::poll(nullptr, 0, 10));
  EXPECT_LT(std::chrono::steady_clock::now() - begin, milliseconds(3'000));
}

TEST_F(HttpServerTest, WhoDoesNotReadIsCut) {
  page_.assign(std::size_t{4} << 20, 'x');
  Start({.deadline = milliseconds(300)});
  const UniqueFd fd = Connect();
  ASSERT_TRUE(Send(fd, "GET /metrics HTTP/1.1\r\n\r\n"));
  pollfd hung_up{fd.get(), 0, 0};
  EXPECT_EQ(::poll(&hung_up, 1, 10'000), 1);
  EXPECT_LT(ReadAll(fd).size(), page_.size());
}

TEST_F(HttpServerTest, OfTooManyTheOldestGives) {
  Start({.connections = 4});
  std::vector<UniqueFd> idle;
  for (int i = 0; i < 50; ++i) idle.push_back(Connect());
  EXPECT_THAT(Get(), EndsWith("up 1\n"));
  EXPECT_EQ(ReadAll(idle.front()), "");
  EXPECT_EQ(ReadAll(idle.back(), milliseconds(50)), "late") << "the newest stays";
}

TEST_F(HttpServerTest, AskingInALoopMakesThePageNowAndThen) {
  Start({.page_age = milliseconds(5'000)});
  for (int i = 0; i < 50; ++i) EXPECT_THAT(Get(), EndsWith("up 1\n"));
  EXPECT_EQ(made_, 1);
}

TEST_F(HttpServerTest, GoesOnAfterItRanOutOfDescriptors) {
  Start();
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  const UniqueFd waiting = Connect();
  EXPECT_TRUE(Send(waiting, "HEAD /metrics HTTP/1.1\r\n\r\n"));
  EXPECT_THAT(ReadAll(waiting), StartsWith("HTTP/1.1 200"));
  const UniqueFd one(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const UniqueFd next(::fcntl(one.get(), F_DUPFD_CLOEXEC, 0));
  rlimit none = before;
  none.rlim_cur = static_cast<rlim_t>(next.get()) + 1;
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &none), 0);
  EXPECT_EQ(::connect(one.get(), reinterpret_cast<const sockaddr*>(&address_), size_), 0);
  EXPECT_TRUE(Send(one, "GET /metrics HTTP/1.1\r\n\r\n"));
  EXPECT_EQ(ReadAll(one, milliseconds(200)), "late");
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
  EXPECT_THAT(ReadAll(one), EndsWith("up 1\n"));
}

TEST_F(HttpServerTest, EndsWithConnectionsOpen) {
  Start();
  const UniqueFd begun = Connect();
  ASSERT_TRUE(Send(begun, "GET /met"));
  EXPECT_THAT(Get(), EndsWith("up 1\n"));
  server_.reset();
  EXPECT_EQ(ReadAll(begun), "");
}

TEST_F(HttpServerTest, ListensOnBothLoopbacks) {
  for (const bool ipv6 : {false, true}) {
    auto fd = ListenOnLoopback({.ipv6 = ipv6, .port = 0});
    ASSERT_TRUE(fd) << fd.error().Text();
    sockaddr_in6 address{};
    socklen_t size = sizeof address;
    ASSERT_EQ(::getsockname(fd->get(), reinterpret_cast<sockaddr*>(&address), &size), 0);
    const std::uint16_t port = ntohs(address.sin6_port);  // Where IPv4 has it, too.
    const auto taken = ListenOnLoopback({.ipv6 = ipv6, .port = port});
    ASSERT_FALSE(taken);
    EXPECT_THAT(taken.error().Text(), HasSubstr(std::to_string(port)));
    EXPECT_THAT(taken.error().Text(), HasSubstr("choose another"));
    Serve(*std::move(fd), {});
    const UniqueFd caller = ConnectTo(address, size);
    ASSERT_TRUE(Send(caller, "GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n"));
    EXPECT_THAT(ReadAll(caller), EndsWith("up 1\n"));
  }
}

}  // namespace
}  // namespace surety
