#include "workload_api/admin_methods.h"

#include <utility>

#include "admin.pb.h"
#include "workload_api/unary.h"

namespace surety {
namespace {

using google::protobuf::Timestamp;

void Fill(Timestamp& out, WallTime time) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(time);
  out.set_seconds(seconds.time_since_epoch().count());
  out.set_nanos(static_cast<std::int32_t>((time - seconds).count()));
}

void Fill(admin::v1::Authority& out, const AuthorityStatus& authority) {
  out.set_subject_key_id(authority.subject_key_id);
  out.set_serial(authority.serial);
  out.set_phase(authority.phase);
  out.set_source(authority.source);
  if (authority.not_before) Fill(*out.mutable_not_before(), *authority.not_before);
  if (authority.not_after) Fill(*out.mutable_not_after(), *authority.not_after);
  if (authority.next_change) Fill(*out.mutable_next_change(), *authority.next_change);
}

void Fill(admin::v1::Entries& out, const EntriesStatus& entries) {
  out.set_count(entries.count);
  out.set_folder(entries.folder);
  out.set_last_error(entries.last_error);
  if (entries.loaded_at) Fill(*out.mutable_loaded_at(), *entries.loaded_at);
}

void Fill(admin::v1::Session& out, const SessionStatus& session) {
  out.set_pid(session.pid);
  out.set_uid(session.uid);
  out.set_method(session.method);
  out.set_state(session.state);
  for (const std::string& id : session.spiffe_ids) out.add_spiffe_ids(id);
  if (session.opened_at) Fill(*out.mutable_opened_at(), *session.opened_at);
  if (session.last_push) Fill(*out.mutable_last_push(), *session.last_push);
  if (session.next_turn) Fill(*out.mutable_next_turn(), *session.next_turn);
}

void Fill(admin::v1::Load& out, const LoadStatus& load) {
  out.set_connections(load.connections);
  out.set_connections_limit(load.connections_limit);
  out.set_streams(load.streams);
  out.set_ready_turns(load.ready_turns);
  out.set_accepted_total(load.accepted_total);
  out.set_refused_connections_total(load.refused_connections_total);
  out.set_refused_calls_total(load.refused_calls_total);
}

admin::v1::GetStatusResponse ResponseOf(const DaemonStatus& status) {
  admin::v1::GetStatusResponse response;
  response.set_version(status.version);
  response.set_trust_domain(status.trust_domain);
  response.set_pid(status.pid);
  response.set_bundle_revision(status.bundle_revision);
  if (status.started_at) Fill(*response.mutable_started_at(), *status.started_at);
  for (const std::string& sentence : status.degraded) response.add_degraded(sentence);
  for (const auto& authority : status.authorities) Fill(*response.add_authorities(), authority);
  for (const auto& session : status.sessions) Fill(*response.add_sessions(), session);
  Fill(*response.mutable_entries(), status.entries);
  Fill(*response.mutable_load(), status.load);
  return response;
}

}  // namespace

MethodTable AdminMethods(std::function<DaemonStatus()> status) {
  MethodTable methods;
  methods["/surety.admin.v1.Admin/GetStatus"] = {
      .header = Method::Header::kNotRequired,
      .serve = [status = std::move(status)](const std::shared_ptr<Call>& call,
                                            const grpc::ByteBuffer& bytes) {
        AnswerUnary<admin::v1::GetStatusRequest>(
            call, bytes, [&](const auto&) { return Result(ResponseOf(status())); });
      }};
  return methods;
}

}  // namespace surety
