#include "workload_api/client/unix_channel.h"

#include <grpcpp/create_channel_posix.h>
#include <grpcpp/support/channel_arguments.h>

#include "workload_api/client/unix_connect.h"

namespace surety {
namespace {

// A message holds every SVID and bundle of its caller. Four times gRPC's own
// limit leaves room for many federated trust domains, and still bounds memory.
constexpr int kMaxMessageBytes = 16 * 1024 * 1024;

}  // namespace

Result<std::shared_ptr<grpc::Channel>> ConnectUnix(const std::string& path,
                                                   std::chrono::milliseconds timeout) {
  auto socket = ConnectUnixSocket(path, "suretyd", timeout);
  if (!socket) return socket.error();
  return ChannelOver(*std::move(socket), kMaxMessageBytes);
}

std::shared_ptr<grpc::Channel> ChannelOver(UniqueFd socket, int most_bytes) {
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(most_bytes);
  return grpc::CreateCustomInsecureChannelFromFd("localhost", socket.Release(), arguments);
}

}  // namespace surety
