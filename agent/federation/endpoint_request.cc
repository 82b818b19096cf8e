#include "agent/federation/endpoint_request.h"

#include <curl/curl.h>
#include <openssl/ssl.h>

#include <algorithm>
#include <array>
#include <memory>
#include <mutex>
#include <utility>

#include "agent/identity/https_url.h"
#include "agent/issuance/openssl_handles.h"
#include "agent/issuance/server_svid_check.h"

namespace surety {
namespace {

using std::chrono::milliseconds;

constexpr long kOk = 200;
constexpr long kFirstRedirect = 300;
constexpr long kFirstBeyondRedirects = 400;

struct Transfer {
  const EndpointRequest& request;
  WallTime now;
  const EndpointLimits& limits;
  const std::stop_token& stop;
  std::string body{};
  bool too_long = false;
  std::optional<Error> not_believed{};
};

/// What one server said: a document, or where to ask instead.
struct Reply {
  std::string document;
  std::string redirect;
};

std::size_t TakeBody(char* data, std::size_t size, std::size_t count, void* transfer) {
  auto& own = *static_cast<Transfer*>(transfer);
  const std::size_t bytes = size * count;
  own.too_long = bytes > own.limits.max_bytes - own.body.size();
  if (own.too_long) return 0;
  own.body.append(data, bytes);
  return bytes;
}

int EndIfStopped(void* transfer, curl_off_t /*down*/, curl_off_t /*of*/, curl_off_t /*up*/,
                 curl_off_t /*of*/) {
  return static_cast<Transfer*>(transfer)->stop.stop_requested() ? 1 : 0;
}

// In the place of OpenSSL's own look at the chain, which knows no SPIFFE ID.
int VerifyServer(X509_STORE_CTX* context, void* transfer) {
  auto& own = *static_cast<Transfer*>(transfer);
  std::vector<std::string> chain;
  const STACK_OF(X509)* shown = X509_STORE_CTX_get0_untrusted(context);
  chain.reserve(static_cast<std::size_t>(std::max(0, sk_X509_num(shown))));
  for (int i = 0; i < sk_X509_num(shown); ++i) chain.push_back(DerOf(*sk_X509_value(shown, i)));
  const auto& server = *own.request.server;
  const auto checked = CheckServerSvid(chain, server.id, server.authorities, own.now);
  if (!checked) own.not_believed = checked.error();
  X509_STORE_CTX_set_error(context, checked ? X509_V_OK : X509_V_ERR_APPLICATION_VERIFICATION);
  return checked ? 1 : 0;
}

CURLcode UseVerifyServer(CURL* /*easy*/, void* tls, void* transfer) {
  SSL_CTX_set_cert_verify_callback(static_cast<SSL_CTX*>(tls), &VerifyServer, transfer);
  return CURLE_OK;
}

using Easy = std::unique_ptr<CURL, decltype(&curl_easy_cleanup)>;

// OpenSSL begins by itself. If libcurl began it, it would write the keys of sessions to a
// file that the environment names.
Easy NewEasy() {
  static std::once_flag once;
  std::call_once(once, [] { curl_global_init(CURL_GLOBAL_NOTHING); });
  return {curl_easy_init(), &curl_easy_cleanup};
}

template <typename Value>
bool Set(CURL* easy, CURLoption option, Value value) {
  return curl_easy_setopt(easy, option, value) == CURLE_OK;
}

bool SetServer(CURL* easy, Transfer& transfer) {
  const EndpointRequest& request = transfer.request;
  if (request.server)
    return Set(easy, CURLOPT_SSL_VERIFYHOST, 0L) &&
           Set(easy, CURLOPT_CAINFO, static_cast<const char*>(nullptr)) &&
           Set(easy, CURLOPT_CAPATH, static_cast<const char*>(nullptr)) &&
           Set(easy, CURLOPT_SSL_CTX_FUNCTION, &UseVerifyServer) &&
           Set(easy, CURLOPT_SSL_CTX_DATA, &transfer);
  if (request.ca_file.empty()) return true;
  return Set(easy, CURLOPT_CAINFO, request.ca_file.c_str()) &&
         Set(easy, CURLOPT_CAPATH, static_cast<const char*>(nullptr));
}

bool Prepare(CURL* easy, const std::string& url, milliseconds left, Transfer& transfer) {
  return Set(easy, CURLOPT_URL, url.c_str()) && Set(easy, CURLOPT_PROTOCOLS_STR, "https") &&
         Set(easy, CURLOPT_FOLLOWLOCATION, 0L) && Set(easy, CURLOPT_PROXY, "") &&
         Set(easy, CURLOPT_SSLVERSION, long{CURL_SSLVERSION_TLSv1_2}) &&
         Set(easy, CURLOPT_SSL_VERIFYPEER, 1L) && Set(easy, CURLOPT_SSL_VERIFYHOST, 2L) &&
         Set(easy, CURLOPT_HTTP_VERSION, long{CURL_HTTP_VERSION_1_1}) &&
         Set(easy, CURLOPT_NOSIGNAL, 1L) && Set(easy, CURLOPT_QUICK_EXIT, 1L) &&
         Set(easy, CURLOPT_USERAGENT, "surety") &&
         Set(easy, CURLOPT_TIMEOUT_MS, static_cast<long>(left.count())) &&
         Set(easy, CURLOPT_WRITEFUNCTION, &TakeBody) && Set(easy, CURLOPT_WRITEDATA, &transfer) &&
         Set(easy, CURLOPT_NOPROGRESS, 0L) && Set(easy, CURLOPT_XFERINFOFUNCTION, &EndIfStopped) &&
         Set(easy, CURLOPT_XFERINFODATA, &transfer) && SetServer(easy, transfer);
}

Error Failed(const Transfer& transfer, CURLcode code, const std::string& detail) {
  if (transfer.not_believed) return *transfer.not_believed;
  if (transfer.too_long)
    return {ErrorCode::kResourceExhausted,
            "it answers with more than " + std::to_string(transfer.limits.max_bytes) + " bytes"};
  if (code == CURLE_OPERATION_TIMEDOUT)
    return {ErrorCode::kDeadline,
            "no whole answer within " + std::to_string(transfer.limits.timeout.count()) + " ms"};
  const auto why = detail.empty() ? std::string(curl_easy_strerror(code)) : detail;
  return {code == CURLE_PEER_FAILED_VERIFICATION ? ErrorCode::kPermissionDenied
                                                 : ErrorCode::kUnavailable,
          why};
}

Result<Reply> ReadReply(CURL* easy, Transfer& transfer) {
  long status = 0;
  curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
  if (status == kOk) return Reply{.document = std::move(transfer.body), .redirect = {}};
  const char* redirect = nullptr;
  curl_easy_getinfo(easy, CURLINFO_REDIRECT_URL, &redirect);
  if (redirect == nullptr || status < kFirstRedirect || status >= kFirstBeyondRedirects)
    return Error(ErrorCode::kUnavailable, "it answers with the status " + std::to_string(status));
  if (auto checked = CheckHttpsUrl(redirect); !checked)
    return Error(ErrorCode::kInvalidArgument,
                 "it sends us on to a URL that " + checked.error().message());
  return Reply{.document = {}, .redirect = redirect};
}

Result<Reply> AskOne(const std::string& url, milliseconds left, Transfer transfer) {
  std::array<char, CURL_ERROR_SIZE> detail{};
  const Easy easy = NewEasy();
  if (!easy || !Prepare(easy.get(), url, left, transfer) ||
      !Set(easy.get(), CURLOPT_ERRORBUFFER, detail.data()))
    return Error(ErrorCode::kInternal, "libcurl cannot be set up");
  if (const CURLcode code = curl_easy_perform(easy.get()); code != CURLE_OK)
    return Failed(transfer, code, detail.data());
  return ReadReply(easy.get(), transfer);
}

}  // namespace

Result<std::string> FetchBundleDocument(const EndpointRequest& request, WallTime now,
                                        const EndpointLimits& limits, const std::stop_token& stop) {
  const auto end = std::chrono::steady_clock::now() + limits.timeout;
  std::string url = request.url;
  for (int asked = 0; asked <= limits.redirects; ++asked) {
    // To libcurl nothing at all would mean no limit.
    const auto left =
        std::max(milliseconds(1),
                 std::chrono::duration_cast<milliseconds>(end - std::chrono::steady_clock::now()));
    auto reply = AskOne(url, left, {request, now, limits, stop});
    if (!reply) return reply.error().Within(url);
    if (reply->redirect.empty()) return std::move(reply->document);
    url = std::move(reply->redirect);
  }
  return Error(ErrorCode::kResourceExhausted,
               request.url + ": more than " + std::to_string(limits.redirects) + " redirects");
}

}  // namespace surety
