#include "agent/command/status_json.h"

#include "agent/command/json_text.h"

namespace surety {
namespace {

Json AuthorityJson(const AuthorityStatus& authority) {
  return {{"subject_key_id", authority.subject_key_id},
          {"serial", authority.serial},
          {"phase", authority.phase},
          {"source", authority.source},
          {"not_before", JsonTime(authority.not_before)},
          {"not_after", JsonTime(authority.not_after)},
          {"next_change", JsonTime(authority.next_change)}};
}

Json EntriesJson(const EntriesStatus& entries) {
  return {{"count", entries.count},
          {"folder", entries.folder},
          {"loaded_at", JsonTime(entries.loaded_at)},
          {"last_error", entries.last_error.empty() ? Json(nullptr) : Json(entries.last_error)}};
}

Json HookJson(const HookStatus& hook) {
  return {{"policy_revision", hook.policy_revision},
          {"policy_mode", hook.policy_mode},
          {"policy_folder", hook.policy_folder.empty() ? Json(nullptr) : Json(hook.policy_folder)},
          {"policies", hook.policies},
          {"wake_mode", hook.wake_mode},
          {"followed", hook.followed},
          {"quarantines", hook.quarantines},
          {"revoked", hook.revoked},
          {"crl_published_at", JsonTime(hook.crl_published_at)},
          {"crl_next_update", JsonTime(hook.crl_next_update)},
          {"audit_sequence", hook.audit_sequence},
          {"audit_segment", hook.audit_segment}};
}

Json LoadJson(const LoadStatus& load) {
  return {{"connections", load.connections},
          {"connections_limit", load.connections_limit},
          {"streams", load.streams},
          {"ready_turns", load.ready_turns},
          {"accepted_total", load.accepted_total},
          {"refused_connections_total", load.refused_connections_total},
          {"refused_calls_total", load.refused_calls_total}};
}

Json SessionJson(const SessionStatus& session) {
  return {{"pid", session.pid},
          {"uid", session.uid},
          {"method", session.method},
          {"state", session.state},
          {"spiffe_ids", session.spiffe_ids},
          {"opened_at", JsonTime(session.opened_at)},
          {"last_push", JsonTime(session.last_push)},
          {"next_turn", JsonTime(session.next_turn)}};
}

Json SinkJson(const SinkStatus& sink) {
  return {{"name", sink.name},
          {"subject", sink.subject},
          {"folder", sink.folder},
          {"state", sink.state},
          {"pid", sink.pid},
          {"uid", sink.uid},
          {"spiffe_id", sink.spiffe_id},
          {"serial", sink.serial},
          {"not_after", JsonTime(sink.not_after)},
          {"written_at", JsonTime(sink.written_at)},
          {"last_error", sink.last_error.empty() ? Json(nullptr) : Json(sink.last_error)}};
}

}  // namespace

void PrintStatusJson(const DaemonStatus& status, std::ostream& out) {
  Json document{{"version", status.version},
                {"trust_domain", status.trust_domain},
                {"pid", status.pid},
                {"started_at", JsonTime(status.started_at)},
                {"degraded", status.degraded},
                {"bundle_revision", status.bundle_revision},
                {"authorities", Json::array()},
                {"entries", EntriesJson(status.entries)},
                {"hook", HookJson(status.hook)},
                {"load", LoadJson(status.load)},
                {"sessions", Json::array()},
                {"sinks", Json::array()}};
  for (const auto& authority : status.authorities)
    document["authorities"].push_back(AuthorityJson(authority));
  for (const auto& session : status.sessions) document["sessions"].push_back(SessionJson(session));
  for (const auto& sink : status.sinks) document["sinks"].push_back(SinkJson(sink));
  out << JsonDocument(document);
}

}  // namespace surety
