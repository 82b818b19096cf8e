#include "workload_api/client/grpc_attestor_plugin.h"

#include <grpcpp/client_context.h>

#include <algorithm>
#include <utility>

#include "attestor.grpc.pb.h"
#include "workload_api/client/call_error.h"
#include "workload_api/client/trusted_socket.h"
#include "workload_api/client/unix_channel.h"

namespace surety {
namespace {

namespace pb = attestor::v1;
using std::chrono::milliseconds;
using Steady = std::chrono::steady_clock;  // Nobody sets it.

// More than any answer that is taken (attestors/plugin_answer.h).
constexpr int kMaxAnswerBytes = 64 * 1024;

pb::AttestRequest RequestOf(const PluginQuestion& question) {
  pb::AttestRequest out;
  out.set_pid(question.process.pid);
  out.set_start_time(question.process.start_ticks);
  out.set_boot_id(question.boot_id);
  out.set_uid(question.uid);
  out.set_gid(question.gid);
  return out;
}

PluginAnswer AnswerOf(const pb::AttestResponse& from) {
  PluginAnswer out{.start_ticks = from.start_time(), .selectors = {}, .missing = {}};
  for (const auto& selector : from.selectors())
    out.selectors.push_back({selector.kind(), selector.value()});
  for (const auto& fact : from.missing()) out.missing.push_back({fact.kind(), fact.why()});
  return out;
}

milliseconds LeftUntil(Steady::time_point deadline) {
  return std::max(std::chrono::ceil<milliseconds>(deadline - Steady::now()), milliseconds(1));
}

}  // namespace

struct GrpcAttestorPlugin::Connection {
  explicit Connection(std::shared_ptr<grpc::Channel> over)
      : stub(pb::Attestor::NewStub(std::move(over))) {}
  std::unique_ptr<pb::Attestor::Stub> stub;
};

GrpcAttestorPlugin::GrpcAttestorPlugin(std::string socket_path)
    : socket_path_(std::move(socket_path)) {}
GrpcAttestorPlugin::~GrpcAttestorPlugin() = default;

Result<PluginDescription> GrpcAttestorPlugin::Describe(milliseconds timeout) {
  const auto deadline = Steady::now() + timeout;
  pb::DescribeResponse response;
  const auto ask = [&](const Connection& connection, grpc::ClientContext& context) {
    return connection.stub->Describe(&context, pb::DescribeRequest(), &response);
  };
  const auto kept = Kept();
  auto made = kept ? Make(ask, kept, deadline) : NotConnected();
  if (!made && made.error().code() == ErrorCode::kUnavailable) {
    const auto fresh = Connect(LeftUntil(deadline));
    if (!fresh) return fresh.error();
    made = Make(ask, *fresh, deadline);
  }
  if (!made) return made.error();
  return PluginDescription{.name = response.name(),
                           .version = response.version(),
                           .kinds = {response.kinds().begin(), response.kinds().end()}};
}

Result<PluginAnswer> GrpcAttestorPlugin::Attest(const PluginQuestion& question,
                                                milliseconds timeout) {
  const auto deadline = Steady::now() + timeout;
  const auto kept = Kept();
  if (!kept) return NotConnected();
  pb::AttestResponse response;
  const auto made = Make(
      [&](const Connection& connection, grpc::ClientContext& context) {
        return connection.stub->Attest(&context, RequestOf(question), &response);
      },
      kept, deadline);
  if (!made) return made.error();
  return AnswerOf(response);
}

template <typename Call>
Result<void> GrpcAttestorPlugin::Make(Call&& call, const std::shared_ptr<Connection>& connection,
                                      Steady::time_point deadline) {
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + LeftUntil(deadline));
  const grpc::Status status = call(*connection, context);
  if (status.ok()) return {};
  // Others may still wait for an answer on it, and have it.
  if (status.error_code() == grpc::StatusCode::UNAVAILABLE) GiveUp(connection);
  return ErrorOfCall(status, socket_path_);
}

Error GrpcAttestorPlugin::NotConnected() const {
  return {ErrorCode::kUnavailable, socket_path_ + ": not connected"};
}

std::shared_ptr<GrpcAttestorPlugin::Connection> GrpcAttestorPlugin::Kept() const {
  const std::lock_guard lock(mutex_);
  return kept_;
}

Result<std::shared_ptr<GrpcAttestorPlugin::Connection>> GrpcAttestorPlugin::Connect(
    milliseconds timeout) {
  auto socket = ConnectTrusted(socket_path_, "the plug-in", timeout);
  if (!socket) return socket.error();
  auto made = std::make_shared<Connection>(ChannelOver(*std::move(socket), kMaxAnswerBytes));
  const std::lock_guard lock(mutex_);
  kept_ = made;
  return made;
}

void GrpcAttestorPlugin::GiveUp(const std::shared_ptr<Connection>& connection) {
  const std::lock_guard lock(mutex_);
  if (kept_ == connection) kept_ = nullptr;
}

}  // namespace surety
