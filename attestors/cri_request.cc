#include "attestors/cri_request.h"

#include <grpcpp/client_context.h>
#include <grpcpp/create_channel_posix.h>
#include <grpcpp/support/channel_arguments.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cerrno>
#include <chrono>
#include <memory>
#include <utility>

#include "attestors/cri_answer.h"
#include "attestors/printable.h"
#include "cri.grpc.pb.h"

namespace surety {
namespace {

namespace pb = runtime::v1;
using Deadline = std::chrono::system_clock::time_point;

constexpr std::size_t kLongestMessage = 256;

ErrorCode CodeOf(grpc::StatusCode code) {
  if (code == grpc::StatusCode::DEADLINE_EXCEEDED) return ErrorCode::kDeadline;
  if (code == grpc::StatusCode::RESOURCE_EXHAUSTED) return ErrorCode::kResourceExhausted;
  if (code == grpc::StatusCode::NOT_FOUND) return ErrorCode::kNotFound;
  return ErrorCode::kUnavailable;
}

// Through the descriptor: the file that was looked at, whatever has its name now.
Result<UniqueFd> Connect(const EngineSocket& socket) {
  const auto file = OpenEngineSocket(socket);
  if (!file) return file.error();
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string name = "/proc/self/fd/" + std::to_string(file->get());
  name.copy(address.sun_path, sizeof(address.sun_path) - 1);
  UniqueFd connection(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!connection) return EngineSocketError(socket, "a socket for", errno);
  if (::connect(connection.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) !=
      0)
    return EngineSocketError(socket, "connecting to", errno);
  if (const auto ours = CheckListener(socket, connection.get()); !ours) return ours.error();
  return connection;
}

/// The calls of one question, all of them together within its time.
class CriConversation {
 public:
  CriConversation(UniqueFd socket, const EngineRequestLimits& limits, const std::stop_token& stop)
      : deadline_(std::chrono::system_clock::now() + limits.timeout), stop_(stop) {
    grpc::ChannelArguments arguments;
    arguments.SetMaxReceiveMessageSize(static_cast<int>(limits.max_bytes));
    stub_ = pb::RuntimeService::NewStub(
        grpc::CreateCustomInsecureChannelFromFd("localhost", socket.Release(), arguments));
  }

  Result<pb::ContainerStatusResponse> Container(const std::string& id) {
    pb::ContainerStatusRequest request;
    request.set_container_id(id);
    request.set_verbose(true);
    pb::ContainerStatusResponse response;
    return Call(&pb::RuntimeService::Stub::ContainerStatus, request, std::move(response));
  }

  Result<pb::PodSandboxStatusResponse> Pod(const std::string& id) {
    pb::PodSandboxStatusRequest request;
    request.set_pod_sandbox_id(id);
    pb::PodSandboxStatusResponse response;
    return Call(&pb::RuntimeService::Stub::PodSandboxStatus, request, std::move(response));
  }

 private:
  template <typename Method, typename Request, typename Response>
  Result<Response> Call(Method method, const Request& request, Response response) {
    grpc::ClientContext context;
    context.set_deadline(deadline_);
    const std::stop_callback on_stop(stop_, [&context] { context.TryCancel(); });
    const grpc::Status status = (stub_.get()->*method)(&context, request, &response);
    if (status.ok()) return response;
    return Error(CodeOf(status.error_code()),
                 "the runtime: " + Printable(status.error_message().substr(0, kLongestMessage)));
  }

  const Deadline deadline_;
  const std::stop_token& stop_;
  std::unique_ptr<pb::RuntimeService::Stub> stub_;
};

}  // namespace

Result<std::optional<ContainerFacts>> AskCri(const EngineSocket& socket, const std::string& id,
                                             const EngineRequestLimits& limits,
                                             const std::stop_token& stop) {
  auto connection = Connect(socket);
  if (!connection) return connection.error();
  CriConversation conversation(*std::move(connection), limits, stop);
  const auto container = conversation.Container(id);
  if (!container && container.error().code() == ErrorCode::kNotFound)
    return std::optional<ContainerFacts>();
  if (!container) return container.error();
  auto facts = ReadCriContainer(*container);
  if (!facts) return facts.error();
  const auto pod = conversation.Pod(facts->pod_id);
  // Its container is there, so that it cannot be told how this can be.
  if (!pod) return Error(ErrorCode::kUnavailable, pod.error().message());
  if (const auto read = ReadCriPod(*pod, *facts); !read) return read.error();
  return std::optional(*std::move(facts));
}

}  // namespace surety
