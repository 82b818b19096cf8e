#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "surety/clock.h"
#include "surety/result.h"
#include "surety/tls_identity.h"
#include "surety/unique_fd.h"

namespace surety {

struct HttpsLimits {
  std::size_t connections = 128;               ///< At once; a further one ends the oldest.
  std::chrono::milliseconds deadline{10'000};  ///< From accept to the end of the answer.
  std::size_t header_bytes = 8'192;
};

struct HttpsPage {
  std::string body;  ///< JSON in UTF-8.
  Seconds max_age;   ///< For so long it may be kept.
};

/// What is at a path: kNotFound becomes the answer 404, any other error 503.
using HttpsSite = std::function<Result<HttpsPage>(std::string_view path)>;

/// Serves pages to anybody by HTTP/1.1 (RFC 9112) over TLS, on a thread of its own: GET and
/// HEAD, one request on each connection, nobody asked who he is. Any other method has the
/// answer 405, a header that is too large 431, and what is no HTTP 400.
///
/// Whoever connects gets `deadline` and no more, and neither many callers nor slow ones keep
/// the next from being served. The site is asked by that thread alone.
class HttpsServer {
 public:
  /// Accepts on `listening`, a stream socket that listens. An Error leaves no thread; those of
  /// MakeServerContext() among them.
  static Result<std::unique_ptr<HttpsServer>> Start(UniqueFd listening, const TlsIdentity& identity,
                                                    HttpsSite site, const HttpsLimits& limits);
  /// Ends all connections and the thread.
  virtual ~HttpsServer() = default;

  /// What callers are shown from now on; whoever is connected goes on. The errors are those of
  /// MakeServerContext(), after which all is as before. Thread-safe.
  virtual Result<void> Show(const TlsIdentity& identity) = 0;
};

}  // namespace surety
