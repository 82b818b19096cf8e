#include "workload_api/admin_methods.h"

#include <utility>

#include "admin.pb.h"
#include "workload_api/admin_row.h"

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

void Fill(admin::v1::Sink& out, const SinkStatus& sink) {
  out.set_name(sink.name);
  out.set_subject(sink.subject);
  out.set_folder(sink.folder);
  out.set_state(sink.state);
  out.set_pid(sink.pid);
  out.set_uid(sink.uid);
  out.set_spiffe_id(sink.spiffe_id);
  out.set_serial(sink.serial);
  if (sink.not_after) Fill(*out.mutable_not_after(), *sink.not_after);
  if (sink.written_at) Fill(*out.mutable_written_at(), *sink.written_at);
  out.set_last_error(sink.last_error);
}

void Fill(admin::v1::Hook& out, const HookStatus& hook) {
  out.set_policy_revision(hook.policy_revision);
  out.set_policy_mode(hook.policy_mode);
  out.set_policy_folder(hook.policy_folder);
  out.set_policies(hook.policies);
  out.set_wake_mode(hook.wake_mode);
  out.set_followed(hook.followed);
  out.set_quarantines(hook.quarantines);
  out.set_revoked(hook.revoked);
  if (hook.crl_published_at) Fill(*out.mutable_crl_published_at(), *hook.crl_published_at);
  if (hook.crl_next_update) Fill(*out.mutable_crl_next_update(), *hook.crl_next_update);
  out.set_audit_sequence(hook.audit_sequence);
  out.set_audit_segment(hook.audit_segment);
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
  for (const auto& sink : status.sinks) Fill(*response.add_sinks(), sink);
  Fill(*response.mutable_entries(), status.entries);
  Fill(*response.mutable_hook(), status.hook);
  Fill(*response.mutable_load(), status.load);
  return response;
}

admin::v1::Quarantine MessageOf(const Quarantine& quarantine) {
  admin::v1::Quarantine out;
  out.set_id(quarantine.id);
  out.set_lineage(quarantine.lineage);
  out.set_entry_id(quarantine.entry_id);
  out.set_reason(quarantine.reason);
  out.set_decision(quarantine.decision);
  Fill(*out.mutable_since(), quarantine.since);
  if (quarantine.until) Fill(*out.mutable_until(), *quarantine.until);
  return out;
}

Result<admin::v1::Quarantine> MessageOf(const Result<Quarantine>& quarantine) {
  if (!quarantine) return quarantine.error();
  return MessageOf(*quarantine);
}

QuarantineOrder OrderOf(const admin::v1::AddQuarantineRequest& request) {
  QuarantineOrder order{.lineage = request.lineage(),
                        .pid = request.pid(),
                        .entry_id = request.entry_id(),
                        .reason = request.reason()};
  if (request.seconds() > 0) order.duration = Seconds(request.seconds());
  return order;
}

RevocationOrder OrderOf(const admin::v1::RevokeSvidsRequest& request) {
  return {.serial = request.serial(),
          .pid = request.pid(),
          .spiffe_id = request.spiffe_id(),
          .reason = request.reason()};
}

}  // namespace

MethodTable AdminMethods(std::function<DaemonStatus()> status, AdminActions& actions,
                         AdminGate& gate) {
  namespace pb = admin::v1;
  const std::string service = "/surety.admin.v1.Admin/";
  MethodTable methods;
  methods[service + "GetStatus"] = AdminRow<pb::GetStatusRequest>(
      gate, [status = std::move(status)](const auto&, const Operator&) {
        return Result(ResponseOf(status()));
      });
  methods[service + "ListQuarantines"] =
      AdminRow<pb::ListQuarantinesRequest>(gate, [&actions](const auto&, const Operator&) {
        pb::ListQuarantinesResponse response;
        for (const Quarantine& one : actions.Quarantines())
          *response.add_quarantines() = MessageOf(one);
        return Result(std::move(response));
      });
  methods[service + "AddQuarantine"] =
      AdminRow<pb::AddQuarantineRequest>(gate, [&actions](const auto& request, const Operator& by) {
        return MessageOf(actions.AddQuarantine(OrderOf(request), by));
      });
  methods[service + "ReleaseQuarantine"] = AdminRow<pb::ReleaseQuarantineRequest>(
      gate, [&actions](const auto& request, const Operator& by) {
        return MessageOf(actions.ReleaseQuarantine(request.id(), request.reason(), by));
      });
  methods[service + "RevokeSvids"] = AdminRow<pb::RevokeSvidsRequest>(
      gate, [&actions](const auto& request, const Operator& by) -> Result<pb::RevokeSvidsResponse> {
        const auto revoked = actions.RevokeSvids(OrderOf(request), by);
        if (!revoked) return revoked.error();
        pb::RevokeSvidsResponse response;
        response.set_revoked(*revoked);
        return response;
      });
  return methods;
}

}  // namespace surety
