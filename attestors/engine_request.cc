#include "attestors/engine_request.h"

#include <curl/curl.h>
#include <sys/socket.h>

#include <memory>
#include <mutex>
#include <optional>
#include <string_view>
#include <utility>

namespace surety {
namespace {

struct Transfer {
  const EngineSocket& socket;
  const EngineRequestLimits& limits;
  const std::stop_token& stop;
  int connection = -1;  // libcurl's.
  std::string body{};
  bool too_long = false;
  std::optional<Error> not_believed{};
};

std::size_t TakeBody(char* data, std::size_t size, std::size_t count, void* transfer) {
  auto& own = *static_cast<Transfer*>(transfer);
  const std::size_t bytes = size * count;
  own.too_long = bytes > own.limits.max_bytes - own.body.size();
  if (own.too_long) return 0;
  own.body.append(data, bytes);
  return bytes;
}

// libcurl connects what it is given, and closes it.
curl_socket_t OpenConnection(void* transfer, curlsocktype /*purpose*/, curl_sockaddr* address) {
  auto& own = *static_cast<Transfer*>(transfer);
  own.connection = ::socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
  return own.connection;
}

// Once it is connected, before anything is sent.
int RefuseOthers(void* transfer, char* /*ip*/, char* /*ip*/, int /*port*/, int /*port*/) {
  auto& own = *static_cast<Transfer*>(transfer);
  const auto checked = CheckListener(own.socket, own.connection);
  if (!checked) own.not_believed = checked.error();
  return checked ? CURL_PREREQFUNC_OK : CURL_PREREQFUNC_ABORT;
}

int EndIfStopped(void* transfer, curl_off_t /*down*/, curl_off_t /*of*/, curl_off_t /*up*/,
                 curl_off_t /*of*/) {
  return static_cast<Transfer*>(transfer)->stop.stop_requested() ? 1 : 0;
}

using Easy = std::unique_ptr<CURL, decltype(&curl_easy_cleanup)>;

Easy NewEasy() {
  static std::once_flag once;
  std::call_once(once, [] { curl_global_init(CURL_GLOBAL_NOTHING); });
  return {curl_easy_init(), &curl_easy_cleanup};
}

template <typename Value>
bool Set(CURL* easy, CURLoption option, Value value) {
  return curl_easy_setopt(easy, option, value) == CURLE_OK;
}

bool Prepare(CURL* easy, const std::string& file, const std::string& path, Transfer& transfer) {
  const std::string url = "http://engine" + path;
  // The path of the socket keeps libcurl from looking the host up.
  return Set(easy, CURLOPT_URL, url.c_str()) && Set(easy, CURLOPT_UNIX_SOCKET_PATH, file.c_str()) &&
         Set(easy, CURLOPT_OPENSOCKETFUNCTION, &OpenConnection) &&
         Set(easy, CURLOPT_OPENSOCKETDATA, &transfer) &&
         Set(easy, CURLOPT_PREREQFUNCTION, &RefuseOthers) &&
         Set(easy, CURLOPT_PREREQDATA, &transfer) && Set(easy, CURLOPT_PROXY, "") &&
         Set(easy, CURLOPT_PROTOCOLS_STR, "http") && Set(easy, CURLOPT_FOLLOWLOCATION, 0L) &&
         Set(easy, CURLOPT_HTTP_VERSION, long{CURL_HTTP_VERSION_1_1}) &&
         Set(easy, CURLOPT_NOSIGNAL, 1L) &&
         Set(easy, CURLOPT_TIMEOUT_MS, static_cast<long>(transfer.limits.timeout.count())) &&
         Set(easy, CURLOPT_WRITEFUNCTION, &TakeBody) && Set(easy, CURLOPT_WRITEDATA, &transfer) &&
         Set(easy, CURLOPT_NOPROGRESS, 0L) && Set(easy, CURLOPT_XFERINFOFUNCTION, &EndIfStopped) &&
         Set(easy, CURLOPT_XFERINFODATA, &transfer);
}

Error Failed(CURL* easy, const Transfer& transfer, CURLcode code) {
  if (transfer.not_believed) return *transfer.not_believed;
  long error = 0;
  if (code == CURLE_COULDNT_CONNECT &&
      curl_easy_getinfo(easy, CURLINFO_OS_ERRNO, &error) == CURLE_OK && error != 0)
    return EngineSocketError(transfer.socket, "connecting to", static_cast<int>(error));
  const std::string who = "the engine at " + transfer.socket.path;
  if (transfer.too_long)
    return {
        ErrorCode::kResourceExhausted,
        who + " answers with more than " + std::to_string(transfer.limits.max_bytes) + " bytes"};
  if (code == CURLE_OPERATION_TIMEDOUT)
    return {ErrorCode::kDeadline, who + " gave no whole answer within " +
                                      std::to_string(transfer.limits.timeout.count()) + " ms"};
  return {ErrorCode::kUnavailable, "asking " + who + ": " + curl_easy_strerror(code)};
}

bool SaysJson(CURL* easy) {
  const char* type = nullptr;
  constexpr std::string_view kJson = "application/json";
  if (curl_easy_getinfo(easy, CURLINFO_CONTENT_TYPE, &type) != CURLE_OK || type == nullptr)
    return false;
  const std::string_view said(type);
  return said.starts_with(kJson) && (said.size() == kJson.size() || said[kJson.size()] == ';');
}

}  // namespace

Result<EngineReply> AskEngine(const EngineSocket& socket, const std::string& path,
                              const EngineRequestLimits& limits, const std::stop_token& stop) {
  const auto file = OpenEngineSocket(socket);
  if (!file) return file.error();
  Transfer transfer{socket, limits, stop};
  const Easy easy = NewEasy();
  const std::string name = "/proc/self/fd/" + std::to_string(file->get());
  if (!easy || !Prepare(easy.get(), name, path, transfer))
    return Error(ErrorCode::kInternal, "libcurl cannot be set up for " + socket.path);
  if (const CURLcode code = curl_easy_perform(easy.get()); code != CURLE_OK)
    return Failed(easy.get(), transfer, code);
  if (!SaysJson(easy.get()))
    return Error(ErrorCode::kUnavailable,
                 "the engine at " + socket.path + " answers with something else than JSON");
  EngineReply reply{0, std::move(transfer.body)};
  curl_easy_getinfo(easy.get(), CURLINFO_RESPONSE_CODE, &reply.status);
  return reply;
}

}  // namespace surety
