// On real sockets, with callers that do what they should not.

#include "agent/https/https_server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <vector>

#include "agent/https/tcp_socket.h"
#include "agent/https/tls_context.h"
#include "tests/unit/issuance/issuance_support.h"

namespace surety {
namespace {

using std::chrono::milliseconds;
using testing::AllOf;
using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

TlsIdentity IdentityOf(const MadeCa& made) {
  std::vector<std::uint8_t> der(static_cast<std::size_t>(i2d_PrivateKey(made.key.get(), nullptr)));
  unsigned char* end = der.data();
  EXPECT_GT(i2d_PrivateKey(made.key.get(), &end), 0);
  return {.chain_der = {made.Der()}, .key_der = SecretBytes(std::move(der))};
}

struct FreeConnection {
  void operator()(SSL* connection) const { SSL_free(connection); }
};

/// A client of TLS that believes everybody.
class Caller {
 public:
  explicit Caller(UniqueFd fd) : fd_(std::move(fd)) {
    SSL_set_fd(tls_.get(), fd_.get());
    greeted_ = SSL_connect(tls_.get()) == 1;
  }
  [[nodiscard]] bool greeted() const { return greeted_; }
  [[nodiscard]] std::string Certificate() const {
    const CertificatePtr shown(SSL_get1_peer_certificate(tls_.get()));
    return shown ? DerOf(*shown) : "";
  }
  void Send(const std::string& text) const {
    EXPECT_GT(SSL_write(tls_.get(), text.data(), static_cast<int>(text.size())), 0);
  }
  /// Until the server ends.
  [[nodiscard]] std::string ReadAll() const {
    std::string all;
    std::array<char, 4'096> bytes{};
    for (int got = 0; (got = SSL_read(tls_.get(), bytes.data(), bytes.size())) > 0;)
      all.append(bytes.data(), static_cast<std::size_t>(got));
    return all;
  }

 private:
  UniqueFd fd_;
  TlsContextPtr context_{SSL_CTX_new(TLS_client_method())};
  std::unique_ptr<SSL, FreeConnection> tls_{SSL_new(context_.get())};
  bool greeted_ = false;
};

class HttpsServerTest : public testing::Test {
 protected:
  void Start(const HttpsLimits& limits = {}) {
    UniqueFd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    address_.sin_family = AF_INET;
    address_.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    auto* generic = reinterpret_cast<sockaddr*>(&address_);
    socklen_t size = sizeof address_;
    ASSERT_EQ(::bind(fd.get(), generic, size), 0);
    ASSERT_EQ(::getsockname(fd.get(), generic, &size), 0);
    ASSERT_EQ(::listen(fd.get(), SOMAXCONN), 0);
    auto server = HttpsServer::Start(
        std::move(fd), IdentityOf(identity_),
        [](std::string_view path) -> Result<HttpsPage> {
          if (path == "/") return HttpsPage{.body = "{}", .max_age = Seconds(7)};
          if (path == "/later") return Error(ErrorCode::kUnavailable, "not now");
          return Error(ErrorCode::kNotFound, "nothing");
        },
        limits);
    ASSERT_TRUE(server) << server.error().Text();
    server_ = *std::move(server);
  }
  [[nodiscard]] UniqueFd Connect() const {
    UniqueFd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    EXPECT_EQ(::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address_), sizeof address_),
              0);
    return fd;
  }
  [[nodiscard]] std::string Get(const std::string& path = "/") const {
    const Caller caller(Connect());
    if (!caller.greeted()) return "no greeting";
    caller.Send("GET " + path + " HTTP/1.1\r\nHost: localhost\r\n\r\n");
    return caller.ReadAll();
  }
  /// Whether the server ends this connection in time.
  static bool Ends(const UniqueFd& fd, milliseconds patience) {
    pollfd wait{fd.get(), POLLIN, 0};
    return ::poll(&wait, 1, static_cast<int>(patience.count())) == 1;
  }

  const MadeCa identity_ = MakeCa({});
  sockaddr_in address_{};
  std::unique_ptr<HttpsServer> server_;
};

TEST_F(HttpsServerTest, ServesThePages) {
  Start();
  EXPECT_THAT(Get(), AllOf(StartsWith("HTTP/1.1 200 OK\r\n"), EndsWith("\r\n\r\n{}"),
                           HasSubstr("Content-Type: application/json\r\n"),
                           HasSubstr("Cache-Control: max-age=7\r\n")));
  EXPECT_THAT(Get("/?x"), StartsWith("HTTP/1.1 200 "));
  EXPECT_THAT(Get("/other"), StartsWith("HTTP/1.1 404 "));
  EXPECT_THAT(Get("/later"), StartsWith("HTTP/1.1 503 "));
}

TEST_F(HttpsServerTest, ShowsAnotherCertificateWithoutDroppingAnybody) {
  Start();
  const Caller before(Connect());
  EXPECT_EQ(before.Certificate(), identity_.Der());
  const MadeCa next = MakeCa({});
  ASSERT_TRUE(server_->Show(IdentityOf(next)));
  EXPECT_EQ(Caller(Connect()).Certificate(), next.Der());
  before.Send("GET / HTTP/1.1\r\n\r\n");
  EXPECT_THAT(before.ReadAll(), EndsWith("{}"));
}

TEST_F(HttpsServerTest, AKeyOfAnotherCertificateIsNotShown) {
  Start();
  TlsIdentity wrong = IdentityOf(MakeCa({}));
  wrong.chain_der = {MakeCa({}).Der()};
  EXPECT_FALSE(server_->Show(wrong));
  EXPECT_FALSE(server_->Show({.chain_der = {"x"}, .key_der = {}}));
  EXPECT_EQ(Caller(Connect()).Certificate(), identity_.Der());
}

TEST_F(HttpsServerTest, WhoIsSlowIsCutAndKeepsNobodyWaiting) {
  Start({.deadline = milliseconds(400)});
  const UniqueFd silent = Connect();
  const UniqueFd half = Connect();
  ASSERT_EQ(::send(half.get(), "\x16\x03\x01\x02", 4, MSG_NOSIGNAL), 4);
  const Caller greeted(Connect());
  greeted.Send("GET / HT");
  EXPECT_THAT(Get(), EndsWith("{}"));
  EXPECT_FALSE(Ends(silent, milliseconds(0)));
  EXPECT_TRUE(Ends(silent, milliseconds(5'000)));
  EXPECT_TRUE(Ends(half, milliseconds(5'000)));
  EXPECT_EQ(greeted.ReadAll(), "");
}

TEST_F(HttpsServerTest, OfTooManyTheOldestGives) {
  Start({.connections = 4});
  std::vector<UniqueFd> idle;
  for (int i = 0; i < 50; ++i) idle.push_back(Connect());
  EXPECT_THAT(Get(), EndsWith("{}"));
  EXPECT_TRUE(Ends(idle.front(), milliseconds(5'000)));
  EXPECT_FALSE(Ends(idle.back(), milliseconds(50)));
}

TEST_F(HttpsServerTest, EndsWithConnectionsOpen) {
  Start();
  const UniqueFd silent = Connect();
  const Caller greeted(Connect());
  server_.reset();
  EXPECT_TRUE(Ends(silent, milliseconds(5'000)));
  EXPECT_EQ(greeted.ReadAll(), "");
}

TEST(TcpSocket, SaysWhichAddressIsTaken) {
  const auto address = TcpAddress::Parse("[::1]:1");
  ASSERT_TRUE(address);
  UniqueFd other(::socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in6 to{};
  to.sin6_family = AF_INET6;
  to.sin6_addr = in6addr_loopback;
  socklen_t size = sizeof to;
  ASSERT_EQ(::bind(other.get(), reinterpret_cast<sockaddr*>(&to), size), 0);
  ASSERT_EQ(::listen(other.get(), 1), 0);
  ASSERT_EQ(::getsockname(other.get(), reinterpret_cast<sockaddr*>(&to), &size), 0);
  TcpAddress taken = *address;
  taken.port = ntohs(to.sin6_port);
  const auto listening = ListenOnTcp(taken);
  ASSERT_FALSE(listening);
  EXPECT_THAT(listening.error().Text(),
              AllOf(HasSubstr(taken.Text()), HasSubstr("choose another")));
}

}  // namespace
}  // namespace surety
