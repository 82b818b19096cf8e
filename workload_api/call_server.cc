#include "workload_api/call_server.h"

#include <grpcpp/resource_quota.h>
#include <grpcpp/server_posix.h>

#include <algorithm>

#include "workload_api/call_metadata.h"
#include "workload_api/grpc_status.h"

namespace surety {
namespace {

// Requests of the Workload API are a few bytes; audiences make the largest.
constexpr int kMaxRequestBytes = 64 * 1024;
constexpr int kMaxStreamsPerConnection = 2'048;
constexpr int kKeepaliveMilliseconds = 120'000;
constexpr int kKeepaliveTimeoutMilliseconds = 20'000;
constexpr std::size_t kMemoryQuota = std::size_t{64} << 20;
// Calls that may arrive at one time before gRPC keeps them waiting.
constexpr int kAwaitedCalls = 128;

}  // namespace

Result<std::unique_ptr<CallServer>> CallServer::Start(std::vector<Door> doors, const Limits& limits,
                                                      const Clock& clock) {
  std::unique_ptr<CallServer> server(new CallServer(std::move(doors), limits, clock));
  if (auto built = server->Build(); !built) return built.error();
  for (int i = 0; i < kAwaitedCalls; ++i) server->AwaitCall();
  server->thread_ = std::thread([self = server.get()] { self->Run(); });
  return server;
}

CallServer::~CallServer() {
  if (thread_.joinable())
    Stop({grpc::StatusCode::UNAVAILABLE, "suretyd is stopping"}, std::chrono::milliseconds(0));
}

Result<void> CallServer::Build() {
  grpc::ServerBuilder builder;
  builder.RegisterAsyncGenericService(&service_);
  builder.SetMaxReceiveMessageSize(kMaxRequestBytes);
  builder.AddChannelArgument(GRPC_ARG_MAX_METADATA_SIZE, static_cast<int>(kMaxMetadataBytes));
  builder.AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS, kMaxStreamsPerConnection);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, kKeepaliveMilliseconds);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, kKeepaliveTimeoutMilliseconds);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, 10'000);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  // It would ping every new connection to size windows that a local socket does not need.
  builder.AddChannelArgument(GRPC_ARG_HTTP2_BDP_PROBE, 0);
  // Its books of every socket and call would be read by nobody.
  builder.AddChannelArgument(GRPC_ARG_ENABLE_CHANNELZ, 0);
  grpc::ResourceQuota quota("surety");
  quota.Resize(kMemoryQuota);
  builder.SetResourceQuota(quota);
  queue_ = builder.AddCompletionQueue();
  server_ = builder.BuildAndStart();
  if (server_ == nullptr) return Error(ErrorCode::kInternal, "gRPC would not start a server");
  return {};
}

void CallServer::HandOver(UniqueFd connection) {
  grpc::AddInsecureChannelFromFd(server_.get(), connection.Release());
}

void CallServer::Run() {
  void* tag = nullptr;
  bool ok = false;
  while (queue_->Next(&tag, &ok)) static_cast<CompletionTag*>(tag)->Completed(ok);
}

void CallServer::AwaitCall() {
  Call::Server& self = *this;
  std::make_shared<Call>(self, clock_)->Begin(service_, *queue_);
}

void CallServer::Arrived(const std::shared_ptr<Call>& call) {
  std::optional<grpc::Status> end;
  {
    const std::lock_guard lock(mutex_);
    calls_.emplace(call.get(), call);
    end = stopped_;
  }
  // Once it stops, gRPC takes no more of these.
  if (!end) AwaitCall();
  if (!end) end = Admit(*call);
  if (end)
    call->End(*end);
  else
    call->Receive();
}

const CallServer::Door* CallServer::DoorOf(const Call& call) const {
  const std::string peer = call.grpc_peer();
  const auto door = std::ranges::find_if(
      doors_, [&peer](const Door& one) { return one.connections.Knows(peer); });
  return door == doors_.end() ? nullptr : &*door;
}

// Everything that is asked of a caller before any work is done for it; nullopt:
// let in.
std::optional<grpc::Status> CallServer::Admit(Call& call) const {
  const Door* door = DoorOf(call);
  if (door == nullptr)
    return StatusOf({ErrorCode::kPermissionDenied, "the caller's process cannot be told"});
  if (auto fits = CheckMetadataSize(call.context()); !fits) return StatusOf(fits.error());
  const auto method = door->methods.find(call.method());
  const bool known = method != door->methods.end();
  if (known ? method->second.header == Method::Header::kRequired
            : call.method().starts_with("/SpiffeWorkloadAPI/")) {
    if (auto header = CheckSecurityHeader(call.context()); !header) return StatusOf(header.error());
  }
  if (!known)
    return grpc::Status(grpc::StatusCode::UNIMPLEMENTED, "this method is not served here");
  auto ticket = door->connections.BeginCall(call.grpc_peer());
  if (!ticket) return StatusOf(ticket.error());
  call.Admit(*std::move(ticket));
  return std::nullopt;
}

void CallServer::Received(const std::shared_ptr<Call>& call, const grpc::ByteBuffer& message) {
  const Door* door = DoorOf(*call);
  if (door == nullptr)
    return call->End({grpc::StatusCode::UNAVAILABLE, "the connection is being closed"});
  const Method& method = door->methods.find(call->method())->second;
  method.serve(call, message);
  if (method.requests == Method::Requests::kMany) call->Receive();
}

void CallServer::ReceivedNone(const std::shared_ptr<Call>& call) {
  const Door* door = DoorOf(*call);
  const auto method =
      door == nullptr ? MethodTable::const_iterator() : door->methods.find(call->method());
  const bool may_end = door != nullptr && method->second.requests == Method::Requests::kMany;
  call->End(may_end ? grpc::Status::OK
                    : grpc::Status(grpc::StatusCode::INVALID_ARGUMENT, "there was no request"));
}

void CallServer::Over(Call& call) {
  const std::lock_guard lock(mutex_);
  calls_.erase(&call);
  if (stopped_ && calls_.empty()) all_over_.notify_all();
}

std::vector<std::shared_ptr<Call>> CallServer::Calls() const {
  const std::lock_guard lock(mutex_);
  std::vector<std::shared_ptr<Call>> all;
  all.reserve(calls_.size());
  for (const auto& [key, call] : calls_)
    if (auto alive = call.lock()) all.push_back(std::move(alive));
  return all;
}

void CallServer::CutStalled() {
  const BootTime now = clock_.Now().boot;
  for (const auto& call : Calls()) {
    if (call->silent(now) > limits_.silent)
      call->End({grpc::StatusCode::UNAVAILABLE, "no request came"});
    if (call->admitted() && call->stalled(now) > limits_.stalled_write)
      for (const Door& door : doors_)
        if (door.connections.Knows(call->grpc_peer()))
          door.connections.Cut(call->peer().connection_id);
  }
}

void CallServer::Stop(const grpc::Status& status, std::chrono::milliseconds grace) {
  {
    const std::lock_guard lock(mutex_);
    stopped_ = status;
  }
  for (const auto& call : Calls()) call->End(status);
  server_->Shutdown(std::chrono::system_clock::now() + grace);
  {
    // No operation may be begun on a queue that is shutting down.
    std::unique_lock lock(mutex_);
    all_over_.wait(lock, [this] { return calls_.empty(); });
  }
  queue_->Shutdown();
  thread_.join();
}

}  // namespace surety
