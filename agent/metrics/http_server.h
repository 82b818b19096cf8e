#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>

#include "surety/result.h"
#include "surety/unique_fd.h"

namespace surety {

struct HttpLimits {
  std::size_t connections = 16;               ///< At once; a further one ends the oldest.
  std::chrono::milliseconds deadline{5'000};  ///< From accept to the end of the answer.
  std::size_t header_bytes = 8'192;
  std::chrono::milliseconds page_age{200};  ///< For so long a page made once is given again.
};

/// Serves one page, /metrics, by HTTP/1.1 (RFC 9112) on a thread of its own: GET and HEAD, one
/// request on each connection. Any other path has the answer 404, any other method 405, a
/// header that is too large 431, and what is no HTTP 400.
///
/// Whoever connects gets `deadline` and no more, and neither many callers nor slow ones keep
/// the next from being served. `page` is called by that thread alone.
class HttpServer {
 public:
  /// Accepts on `listening`, a stream socket that listens. An Error leaves no thread.
  static Result<std::unique_ptr<HttpServer>> Start(UniqueFd listening, std::string content_type,
                                                   std::function<std::string()> page,
                                                   const HttpLimits& limits);
  /// Ends all connections and the thread.
  virtual ~HttpServer() = default;
};

}  // namespace surety
