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

HookStatus HookOf(const pb::Hook& from) {
  return {.policy_revision = from.policy_revision(),
          .policy_mode = from.policy_mode(),
          .policy_folder = from.policy_folder(),
          .policies = from.policies(),
          .wake_mode = from.wake_mode(),
          .followed = from.followed(),
          .quarantines = from.quarantines(),
          .revoked = from.revoked(),
          .crl_published_at = TimeOf(from.has_crl_published_at(), from.crl_published_at()),
          .crl_next_update = TimeOf(from.has_crl_next_update(), from.crl_next_update()),
          .audit_sequence = from.audit_sequence(),
          .audit_segment = from.audit_segment()};
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

SinkStatus SinkOf(const pb::Sink& from) {
  return {.name = from.name(),
          .subject = from.subject(),
          .folder = from.folder(),
          .state = from.state(),
          .pid = from.pid(),
          .uid = from.uid(),
          .spiffe_id = from.spiffe_id(),
          .serial = from.serial(),
          .not_after = TimeOf(from.has_not_after(), from.not_after()),
          .written_at = TimeOf(from.has_written_at(), from.written_at()),
          .last_error = from.last_error()};
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
                      .hook = HookOf(from.hook()),
                      .load = LoadOf(from.load()),
                      .sessions = {}};
  for (const auto& authority : from.authorities())
    status.authorities.push_back(AuthorityOf(authority));
  for (const auto& session : from.sessions()) status.sessions.push_back(SessionOf(session));
  for (const auto& sink : from.sinks()) status.sinks.push_back(SinkOf(sink));
  return status;
}

Quarantine QuarantineOf(const pb::Quarantine& from) {
  return {.id = from.id(),
          .lineage = from.lineage(),
          .entry_id = from.entry_id(),
          .reason = from.reason(),
          .decision = from.decision(),
          .since = TimeOf(from.has_since(), from.since()).value_or(WallTime()),
          .until = TimeOf(from.has_until(), from.until())};
}

using Deadline = std::chrono::milliseconds;

// One call on a connection of its own.
template <typename Request, typename Response>
Result<Response> Ask(const std::string& socket_path, Deadline timeout,
                     grpc::Status (pb::Admin::Stub::*method)(grpc::ClientContext*, const Request&,
                                                             Response*),
                     const Request& request) {
  const auto deadline = std::chrono::system_clock::now() + timeout;
  auto channel = ConnectUnix(socket_path, timeout);
  if (!channel) return channel.error();

  grpc::ClientContext context;
  context.set_deadline(deadline);
  Response response;
  const auto stub = pb::Admin::NewStub(*channel);
  const grpc::Status status = (*stub.*method)(&context, request, &response);
  if (!status.ok()) return ErrorOfCall(status, socket_path);
  return response;
}

}  // namespace

Result<DaemonStatus> GrpcAdminClient::GetStatus(Deadline timeout) {
  const auto response =
      Ask(socket_path_, timeout, &pb::Admin::Stub::GetStatus, pb::GetStatusRequest());
  if (!response) return response.error();
  return StatusOf(*response);
}

Result<std::vector<Quarantine>> GrpcAdminClient::ListQuarantines(Deadline timeout) {
  const auto response =
      Ask(socket_path_, timeout, &pb::Admin::Stub::ListQuarantines, pb::ListQuarantinesRequest());
  if (!response) return response.error();
  std::vector<Quarantine> all;
  for (const pb::Quarantine& one : response->quarantines()) all.push_back(QuarantineOf(one));
  return all;
}

Result<Quarantine> GrpcAdminClient::AddQuarantine(const QuarantineOrder& order, Deadline timeout) {
  pb::AddQuarantineRequest request;
  request.set_lineage(order.lineage);
  request.set_pid(order.pid);
  request.set_entry_id(order.entry_id);
  request.set_reason(order.reason);
  request.set_seconds(order.duration.value_or(Seconds(0)).count());
  const auto response = Ask(socket_path_, timeout, &pb::Admin::Stub::AddQuarantine, request);
  if (!response) return response.error();
  return QuarantineOf(*response);
}

Result<Quarantine> GrpcAdminClient::ReleaseQuarantine(std::uint64_t id, const std::string& reason,
                                                      Deadline timeout) {
  pb::ReleaseQuarantineRequest request;
  request.set_id(id);
  request.set_reason(reason);
  const auto response = Ask(socket_path_, timeout, &pb::Admin::Stub::ReleaseQuarantine, request);
  if (!response) return response.error();
  return QuarantineOf(*response);
}

Result<std::uint32_t> GrpcAdminClient::RevokeSvids(const RevocationOrder& order, Deadline timeout) {
  pb::RevokeSvidsRequest request;
  if (!order.serial.empty())
    request.set_serial(order.serial);
  else if (order.pid != 0)
    request.set_pid(order.pid);
  else
    request.set_spiffe_id(order.spiffe_id);
  request.set_reason(order.reason);
  const auto response = Ask(socket_path_, timeout, &pb::Admin::Stub::RevokeSvids, request);
  if (!response) return response.error();
  return response->revoked();
}

Result<std::string> GrpcAdminClient::GetBundle(const std::optional<TrustDomain>& trust_domain,
                                               Deadline timeout) {
  pb::GetBundleRequest request;
  if (trust_domain) request.set_trust_domain(trust_domain->name());
  auto response = Ask(socket_path_, timeout, &pb::Admin::Stub::GetBundle, request);
  if (!response) return response.error();
  return std::move(*response->mutable_document());
}

Result<std::vector<HeldBundle>> GrpcAdminClient::ListBundles(Deadline timeout) {
  const auto response =
      Ask(socket_path_, timeout, &pb::Admin::Stub::ListBundles, pb::ListBundlesRequest());
  if (!response) return response.error();
  std::vector<HeldBundle> all;
  for (const pb::HeldBundle& one : response->bundles()) {
    all.push_back({.trust_domain = one.trust_domain(),
                   .x509_authorities = one.x509_authorities(),
                   .jwt_keys = one.jwt_keys(),
                   .refresh_hint = Seconds(one.refresh_hint_seconds()),
                   .in_map = one.in_map()});
    if (one.has_sequence()) all.back().sequence = one.sequence();
  }
  return all;
}

Result<BundleSetOutcome> GrpcAdminClient::SetBundle(const TrustDomain& trust_domain,
                                                    const std::string& document, Deadline timeout) {
  pb::SetBundleRequest request;
  request.set_trust_domain(trust_domain.name());
  request.set_document(document);
  const auto response = Ask(socket_path_, timeout, &pb::Admin::Stub::SetBundle, request);
  if (!response) return response.error();
  return BundleSetOutcome{.changed = response->changed(),
                          .warnings = {response->warnings().begin(), response->warnings().end()}};
}

Result<void> GrpcAdminClient::DeleteBundle(const TrustDomain& trust_domain, Deadline timeout) {
  pb::DeleteBundleRequest request;
  request.set_trust_domain(trust_domain.name());
  const auto response = Ask(socket_path_, timeout, &pb::Admin::Stub::DeleteBundle, request);
  if (!response) return response.error();
  return {};
}

}  // namespace surety
