#include "workload_api/client/grpc_admin_client.h"

#include <grpcpp/client_context.h>

#include <algorithm>
#include <cstdint>
#include <optional>

#include "admin.grpc.pb.h"
#include "workload_api/client/call_error.h"
#include "workload_api/client/unix_channel.h"

namespace surety {
namespace {

namespace pb = admin::v1;

// A Timestamp reaches to the year 9999, nanoseconds in 64 bits to 2262.
std::optional<WallTime> TimeOf(bool present, const google::protobuf::Timestamp& time) {
  constexpr auto kLast = std::chrono::floor<std::chrono::seconds>(WallTime::max()) - Seconds(1);
  if (!present) return std::nullopt;
  const std::chrono::sys_seconds seconds(
      Seconds(std::clamp<std::int64_t>(time.seconds(), 0, kLast.time_since_epoch().count())));
  return seconds + std::chrono::nanoseconds(time.nanos());
}

AuthorityStatus AuthorityOf(const pb::Authority& from) {
  return {.subject_key_id = from.subject_key_id(),
          .serial = from.serial(),
          .phase = from.phase(),
          .source = from.source(),
          .not_before = TimeOf(from.has_not_before(), from.not_before()),
          .not_after = TimeOf(from.has_not_after(), from.not_after()),
          .next_change = TimeOf(from.has_next_change(), from.next_change())};
}

EntriesStatus EntriesOf(const pb::Entries& from) {
  return {.count = from.count(),
          .loaded_at = TimeOf(from.has_loaded_at(), from.loaded_at()),
          .folder = from.folder(),
          .last_error = from.last_error()};
}

LoadStatus LoadOf(const pb::Load& from) {
  return {.connections = from.connections(),
          .connections_limit = from.connections_limit(),
          .streams = from.streams(),
          .ready_turns = from.ready_turns(),
          .accepted_total = from.accepted_total(),
          .refused_connections_total = from.refused_connections_total(),
          .refused_calls_total = from.refused_calls_total()};
}

SessionStatus SessionOf(const pb::Session& from) {
  return {.pid = from.pid(),
          .uid = from.uid(),
          .method = from.method(),
          .spiffe_ids = {from.spiffe_ids().begin(), from.spiffe_ids().end()},
          .state = from.state(),
          .opened_at = TimeOf(from.has_opened_at(), from.opened_at()),
          .last_push = TimeOf(from.has_last_push(), from.last_push()),
          .next_turn = TimeOf(from.has_next_turn(), from.next_turn())};
}

DaemonStatus StatusOf(const pb::GetStatusResponse& from) {
  DaemonStatus status{.version = from.version(),
                      .trust_domain = from.trust_domain(),
                      .pid = from.pid(),
                      .started_at = TimeOf(from.has_started_at(), from.started_at()),
                      .bundle_revision = from.bundle_revision(),
                      .degraded = {from.degraded().begin(), from.degraded().end()},
                      .authorities = {},
                      .entries = EntriesOf(from.entries()),
                      .load = LoadOf(from.load()),
                      .sessions = {}};
  for (const auto& authority : from.authorities())
    status.authorities.push_back(AuthorityOf(authority));
  for (const auto& session : from.sessions()) status.sessions.push_back(SessionOf(session));
  return status;
}

}  // namespace

Result<DaemonStatus> GrpcAdminClient::GetStatus(std::chrono::milliseconds timeout) {
  const auto deadline = std::chrono::system_clock::now() + timeout;
  auto channel = ConnectUnix(socket_path_, timeout);
  if (!channel) return channel.error();

  grpc::ClientContext context;
  context.set_deadline(deadline);
  pb::GetStatusResponse response;
  const grpc::Status status =
      pb::Admin::NewStub(*channel)->GetStatus(&context, pb::GetStatusRequest{}, &response);
  if (!status.ok()) return ErrorOfCall(status, socket_path_);
  return StatusOf(response);
}

}  // namespace surety
