#include "workload_api/grpc_endpoint.h"

#include <grpcpp/resource_quota.h>
#include <grpcpp/server_posix.h>

#include "workload_api/call_metadata.h"

namespace surety {
namespace {

// Requests of the Workload API are a few bytes; audiences make the largest.
constexpr int kMaxRequestBytes = 64 * 1024;
constexpr int kMaxStreamsPerConnection = 2'048;
// Reflection is the one service that holds a thread for each of its streams.
constexpr int kMaxSyncThreads = 8;
constexpr int kKeepaliveMilliseconds = 120'000;
constexpr int kKeepaliveTimeoutMilliseconds = 20'000;

std::unique_ptr<grpc::Server> BuildServer(grpc::Service& service) {
  grpc::ServerBuilder builder;
  builder.RegisterService(&service);
  builder.SetMaxReceiveMessageSize(kMaxRequestBytes);
  builder.AddChannelArgument(GRPC_ARG_MAX_METADATA_SIZE, static_cast<int>(kMaxMetadataBytes));
  builder.AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS, kMaxStreamsPerConnection);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, kKeepaliveMilliseconds);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, kKeepaliveTimeoutMilliseconds);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, 10'000);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  builder.SetSyncServerOption(grpc::ServerBuilder::NUM_CQS, 1);
  builder.SetSyncServerOption(grpc::ServerBuilder::MIN_POLLERS, 1);
  builder.SetSyncServerOption(grpc::ServerBuilder::MAX_POLLERS, 1);
  grpc::ResourceQuota quota("surety");
  quota.SetMaxThreads(kMaxSyncThreads);
  quota.Resize(64 << 20);
  builder.SetResourceQuota(quota);
  return builder.BuildAndStart();
}

}  // namespace

Result<void> GrpcEndpoint::Start(grpc::Service& service) {
  auto socket = UnixSocket::Listen(parts_.socket);
  if (!socket) return socket.error();
  server_ = BuildServer(service);
  if (server_ == nullptr) return Error(ErrorCode::kInternal, "gRPC would not start a server");
  socket_.emplace(*std::move(socket));

  auto listener =
      Listener::Start({.listening_fd = socket_->fd(),
                       .table = table_,
                       .opener = parts_.opener,
                       .admits = parts_.admits,
                       .hand_over =
                           [server = server_.get()](UniqueFd connection) {
                             grpc::AddInsecureChannelFromFd(server, connection.Release());
                           },
                       .logger = parts_.logger,
                       .times = parts_.times});
  if (!listener) return listener.error();
  listener_ = *std::move(listener);
  return {};
}

void GrpcEndpoint::Shutdown(std::chrono::milliseconds grace) {
  if (listener_) listener_->StopAccepting();
  server_->Shutdown(std::chrono::system_clock::now() + grace);
}

void GrpcEndpoint::Close() {
  // The listener hands connections to the server, so it goes first.
  listener_.reset();
  if (server_ != nullptr) server_->Shutdown(std::chrono::system_clock::now());
  server_.reset();
  socket_.reset();
}

}  // namespace surety
