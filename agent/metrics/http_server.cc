#include "agent/metrics/http_server.h"

#include <array>
#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/basic_stream.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <list>
#include <optional>
#include <thread>
#include <utility>

namespace surety {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using Protocol = asio::generic::stream_protocol;
using Stream = beast::basic_stream<Protocol, asio::io_context::executor_type>;
using Acceptor = asio::basic_socket_acceptor<Protocol, asio::io_context::executor_type>;
using ErrorOfAsio = boost::system::error_code;
using Answer = http::response<http::string_body>;

// After accept(2) has failed, which for want of descriptors it does at once again.
constexpr std::chrono::milliseconds kPause{100};
constexpr unsigned kHttp11 = 11;

struct Site {
  std::string content_type;
  std::function<std::string()> page;
  HttpLimits limits;
  std::string made = {};
  std::optional<std::chrono::steady_clock::time_point> made_at = {};

  const std::string& Page() {
    const auto now = std::chrono::steady_clock::now();
    if (!made_at || now - *made_at >= limits.page_age) {
      made = page();
      made_at = now;
    }
    return made;
  }
};

Answer PlainAnswer(http::status status, const std::string& text) {
  Answer answer(status, kHttp11);
  answer.set(http::field::content_type, "text/plain; charset=utf-8");
  answer.body() = text;
  return answer;
}

Answer AnswerTo(const http::request<http::empty_body>& request, Site& site) {
  if (request.method() != http::verb::get && request.method() != http::verb::head) {
    Answer answer = PlainAnswer(http::status::method_not_allowed, "only GET and HEAD\n");
    answer.set(http::field::allow, "GET, HEAD");
    return answer;
  }
  const auto target = request.target();
  if (target.substr(0, target.find('?')) != "/metrics")
    return PlainAnswer(http::status::not_found, "the metrics are at /metrics\n");
  Answer answer(http::status::ok, kHttp11);
  answer.set(http::field::content_type, site.content_type);
  answer.body() = site.Page();
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
  Connection(Stream::socket_type socket, Site& site, Connections& all)
      : stream_(std::move(socket)), buffer_(site.limits.header_bytes), site_(site), all_(all) {
    request_.header_limit(static_cast<std::uint32_t>(site.limits.header_bytes));
  }

  void Serve(Connections::iterator self) {
    self_ = self;
    // Set once, and so for reading and answering together.
    stream_.expires_after(site_.limits.deadline);
    http::async_read_header(
        stream_, buffer_, request_,
        [me = shared_from_this()](const ErrorOfAsio& error, std::size_t) { me->HaveRead(error); });
  }

  void Close() {
    if (!self_) return;
    const auto self = *std::exchange(self_, std::nullopt);
    stream_.close();
    all_.erase(self);
  }

 private:
  void HaveRead(const ErrorOfAsio& error) {
    if (!self_) return;
    auto answer = error ? AnswerTo(error) : AnswerTo(request_.get(), site_);
    if (!answer) return Close();
    answer_ = *std::move(answer);
    answer_.keep_alive(false);
    answer_.prepare_payload();
    if (!error && request_.get().method() == http::verb::head) answer_.body().clear();
    http::async_write(
        stream_, serializer_,
        [me = shared_from_this()](const ErrorOfAsio&, std::size_t) { me->HaveWritten(); });
  }

  // To close while something is unread would take the answer from whoever has not read it.
  void HaveWritten() {
    if (!self_) return;
    ErrorOfAsio ignored;
    stream_.socket().shutdown(asio::socket_base::shutdown_send, ignored);
    ReadToTheEnd();
  }

  void ReadToTheEnd() {
    stream_.async_read_some(asio::buffer(unread_),
                            [me = shared_from_this()](const ErrorOfAsio& error, std::size_t) {
                              if (!me->self_) return;
                              if (error) return me->Close();
                              me->ReadToTheEnd();
                            });
  }

  Stream stream_;
  beast::flat_buffer buffer_;
  http::request_parser<http::empty_body> request_;
  std::array<char, 1'024> unread_{};
  Answer answer_;
  http::response_serializer<http::string_body> serializer_{answer_};
  Site& site_;
  Connections& all_;
  std::optional<Connections::iterator> self_;  // Unset once it is closed.
};

class BeastServer final : public HttpServer {
 public:
  explicit BeastServer(Site site) : site_(std::move(site)) {}
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

 private:
  void Accept() {
    acceptor_.async_accept([this](const ErrorOfAsio& error, Stream::socket_type socket) {
      if (error) return AcceptLater();
      if (connections_.size() >= site_.limits.connections) {
        const auto oldest = connections_.front();
        oldest->Close();
      }
      connections_.push_back(std::make_shared<Connection>(std::move(socket), site_, connections_));
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

  Site site_;
  asio::io_context context_{1};
  Connections connections_;  // Oldest first.
  Acceptor acceptor_{context_};
  asio::basic_waitable_timer<std::chrono::steady_clock,
                             asio::wait_traits<std::chrono::steady_clock>,
                             asio::io_context::executor_type>
      pause_{context_};
  std::thread thread_;
};

}  // namespace

Result<std::unique_ptr<HttpServer>> HttpServer::Start(UniqueFd listening, std::string content_type,
                                                      std::function<std::string()> page,
                                                      const HttpLimits& limits) {
  auto server = std::make_unique<BeastServer>(
      Site{.content_type = std::move(content_type), .page = std::move(page), .limits = limits});
  if (auto started = server->Start(std::move(listening)); !started) return started.error();
  return std::unique_ptr<HttpServer>(std::move(server));
}

}  // namespace surety
