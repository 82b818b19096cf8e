#include "agent/https/https_server.h"

#include <array>
#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/basic_stream.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl/ssl_stream.hpp>
#include <list>
#include <optional>
#include <thread>
#include <utility>

#include "agent/https/tls_context.h"

namespace surety {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using Protocol = asio::generic::stream_protocol;
using Plain = beast::basic_stream<Protocol, asio::io_context::executor_type>;
using Secured = beast::ssl_stream<Plain>;
using Acceptor = asio::basic_socket_acceptor<Protocol, asio::io_context::executor_type>;
using ErrorOfAsio = boost::system::error_code;
using Answer = http::response<http::string_body>;

// After accept(2) has failed, which for want of descriptors it does at once again.
constexpr std::chrono::milliseconds kPause{100};
constexpr unsigned kHttp11 = 11;

struct Served {
  HttpsSite site;
  HttpsLimits limits;
};

Answer PlainAnswer(http::status status, const std::string& text) {
  Answer answer(status, kHttp11);
  answer.set(http::field::content_type, "text/plain; charset=utf-8");
  answer.body() = text;
  return answer;
}

Answer AnswerTo(const http::request<http::empty_body>& request, const Served& served) {
  if (request.method() != http::verb::get && request.method() != http::verb::head) {
    Answer answer = PlainAnswer(http::status::method_not_allowed, "only GET and HEAD\n");
    answer.set(http::field::allow, "GET, HEAD");
    return answer;
  }
  const std::string target(request.target());
  auto page = served.site(std::string_view(target).substr(0, target.find('?')));
  if (!page && page.error().code() == ErrorCode::kNotFound)
    return PlainAnswer(http::status::not_found, "there is nothing here\n");
  if (!page) return PlainAnswer(http::status::service_unavailable, "not now\n");
  Answer answer(http::status::ok, kHttp11);
  answer.set(http::field::content_type, "application/json");
  answer.set(http::field::cache_control, "max-age=" + std::to_string(page->max_age.count()));
  answer.set("X-Content-Type-Options", "nosniff");
  answer.body() = std::move(page->body);
  return answer;
}

// Whether anybody is there to be told, and what.
std::optional<Answer> AnswerTo(const ErrorOfAsio& error) {
  if (error == http::error::header_limit || error == http::error::buffer_overflow)
    return PlainAnswer(http::status::request_header_fields_too_large, "the header is too large\n");
  if (error.category() == make_error_code(http::error::bad_method).category() &&
      error != http::error::end_of_stream && error != http::error::partial_message)
    return PlainAnswer(http::status::bad_request, "this is not HTTP/1.1\n");
  return std::nullopt;
}

class Connection;
using Connections = std::list<std::shared_ptr<Connection>>;

class Connection : public std::enable_shared_from_this<Connection> {
 public:
  Connection(Plain::socket_type socket, asio::ssl::context& tls, const Served& served,
             Connections& all)
      : stream_(Plain(std::move(socket)), tls),
        buffer_(served.limits.header_bytes),
        served_(served),
        all_(all) {
    request_.header_limit(static_cast<std::uint32_t>(served.limits.header_bytes));
  }

  void Serve(Connections::iterator self) {
    self_ = self;
    // Set once, and so for the handshake, reading and answering together.
    plain().expires_after(served_.limits.deadline);
    stream_.async_handshake(
        asio::ssl::stream_base::server,
        [me = shared_from_this()](const ErrorOfAsio& error) { me->HaveGreeted(error); });
  }

  void Close() {
    if (!self_) return;
    const auto self = *std::exchange(self_, std::nullopt);
    plain().close();
    all_.erase(self);
  }

 private:
  Plain& plain() { return stream_.next_layer(); }

  void HaveGreeted(const ErrorOfAsio& error) {
    if (!self_) return;
    if (error) return EndPlain();
    http::async_read_header(stream_, buffer_, request_,
                            [me = shared_from_this()](const ErrorOfAsio& failed, std::size_t) {
                              me->HaveRead(failed);
                            });
  }

  void HaveRead(const ErrorOfAsio& error) {
    if (!self_) return;
    auto answer = error ? AnswerTo(error) : AnswerTo(request_.get(), served_);
    if (!answer) return Close();
    answer_ = *std::move(answer);
    answer_.keep_alive(false);
    answer_.prepare_payload();
    if (!error && request_.get().method() == http::verb::head) answer_.body().clear();
    http::async_write(
        stream_, serializer_,
        [me = shared_from_this()](const ErrorOfAsio&, std::size_t) { me->HaveWritten(); });
  }

  void HaveWritten() {
    if (!self_) return;
    stream_.async_shutdown([me = shared_from_this()](const ErrorOfAsio&) { me->EndPlain(); });
  }

  // To close while something is unread would take the answer, or the alert that says what is
  // wrong, from whoever has not read it.
  void EndPlain() {
    if (!self_) return;
    ErrorOfAsio ignored;
    plain().socket().shutdown(asio::socket_base::shutdown_send, ignored);
    ReadToTheEnd();
  }

  void ReadToTheEnd() {
    plain().async_read_some(asio::buffer(unread_),
                            [me = shared_from_this()](const ErrorOfAsio& error, std::size_t) {
                              if (!me->self_) return;
                              if (error) return me->Close();
                              me->ReadToTheEnd();
                            });
  }

  Secured stream_;
  beast::flat_buffer buffer_;
  http::request_parser<http::empty_body> request_;
  std::array<char, 1'024> unread_{};
  Answer answer_;
  http::response_serializer<http::string_body> serializer_{answer_};
  const Served& served_;
  Connections& all_;
  std::optional<Connections::iterator> self_;  // Unset once it is closed.
};

class BeastServer final : public HttpsServer {
 public:
  BeastServer(Served served, TlsContextPtr tls)
      : served_(std::move(served)), tls_(std::make_shared<asio::ssl::context>(tls.release())) {}
  BeastServer(const BeastServer&) = delete;
  BeastServer& operator=(const BeastServer&) = delete;
  ~BeastServer() override {
    context_.stop();
    if (thread_.joinable()) thread_.join();
  }

  Result<void> Start(UniqueFd listening) {
    ErrorOfAsio error;
    // Of the family it asks nothing but to be given it again at accept(2).
    acceptor_.assign(Protocol(0, 0), listening.get(), error);
    if (error) return Error(ErrorCode::kUnavailable, "accepting connections: " + error.message());
    static_cast<void>(listening.Release());
    Accept();
    thread_ = std::thread([this] { context_.run(); });
    return {};
  }

  Result<void> Show(const TlsIdentity& identity) override {
    auto made = MakeServerContext(identity);
    if (!made) return made.error();
    auto next = std::make_shared<asio::ssl::context>(made->release());
    asio::post(context_, [this, next = std::move(next)]() mutable { tls_ = std::move(next); });
    return {};
  }

 private:
  void Accept() {
    acceptor_.async_accept([this](const ErrorOfAsio& error, Plain::socket_type socket) {
      if (error) return AcceptLater();
      if (connections_.size() >= served_.limits.connections) {
        const auto oldest = connections_.front();
        oldest->Close();
      }
      connections_.push_back(
          std::make_shared<Connection>(std::move(socket), *tls_, served_, connections_));
      connections_.back()->Serve(std::prev(connections_.end()));
      Accept();
    });
  }

  void AcceptLater() {
    pause_.expires_after(kPause);
    pause_.async_wait([this](const ErrorOfAsio& error) {
      if (!error) Accept();
    });
  }

  const Served served_;
  asio::io_context context_{1};
  std::shared_ptr<asio::ssl::context> tls_;  // Of the thread, once it runs.
  Connections connections_;                  // Oldest first.
  Acceptor acceptor_{context_};
  asio::basic_waitable_timer<std::chrono::steady_clock,
                             asio::wait_traits<std::chrono::steady_clock>,
                             asio::io_context::executor_type>
      pause_{context_};
  std::thread thread_;
};

}  // namespace

Result<std::unique_ptr<HttpsServer>> HttpsServer::Start(UniqueFd listening,
                                                        const TlsIdentity& identity, HttpsSite site,
                                                        const HttpsLimits& limits) {
  auto tls = MakeServerContext(identity);
  if (!tls) return tls.error();
  auto server = std::make_unique<BeastServer>(Served{.site = std::move(site), .limits = limits},
                                              *std::move(tls));
  if (auto started = server->Start(std::move(listening)); !started) return started.error();
  return std::unique_ptr<HttpsServer>(std::move(server));
}

}  // namespace surety
