#include "agent/command/status_text.h"

#include <optional>
#include <string>

#include "agent/command/text_table.h"
#include "agent/command/time_text.h"
#include "attestors/printable.h"

namespace surety {
namespace {

std::string WhenText(const std::optional<WallTime>& time, WallTime now) {
  return time ? RelativeText(*time, now) : "-";
}

std::string DateText(const std::optional<WallTime>& time, WallTime now) {
  return time ? Rfc3339(*time) + " (" + RelativeText(*time, now) + ")" : "-";
}

std::string OrDash(const std::string& text) { return text.empty() ? "-" : Printable(text); }

void PrintDegraded(const DaemonStatus& status, std::ostream& out) {
  if (status.degraded.empty()) return;
  out << "\nDEGRADED\n";
  for (const std::string& sentence : status.degraded) out << "  ! " << Printable(sentence) << "\n";
}

void PrintAuthorities(const DaemonStatus& status, WallTime now, std::ostream& out) {
  out << "\nAuthorities (bundle revision " << status.bundle_revision << ")\n";
  if (status.authorities.empty()) out << "  none: no SVID can be issued\n";
  if (status.authorities.empty()) return;
  TextTable table({"PHASE", "SOURCE", "SERIAL", "NOT AFTER", "NEXT CHANGE"});
  for (const AuthorityStatus& authority : status.authorities)
    table.Add({OrDash(authority.phase), OrDash(authority.source), OrDash(authority.serial),
               DateText(authority.not_after, now), DateText(authority.next_change, now)});
  table.Print("  ", out);
}

void PrintEntries(const EntriesStatus& entries, WallTime now, std::ostream& out) {
  out << "\nEntries\n  " << entries.count << " from " << OrDash(entries.folder);
  if (entries.loaded_at) out << ", loaded " << RelativeText(*entries.loaded_at, now);
  out << "\n";
  if (!entries.last_error.empty())
    out << "  ! the newest files were not taken: " << Printable(entries.last_error) << "\n";
}

void PrintHook(const HookStatus& hook, WallTime now, std::ostream& out) {
  out << "\nPolicy\n  " << hook.policies << " policies, "
      << (hook.policy_folder.empty() ? "built in" : "from " + Printable(hook.policy_folder))
      << ", mode " << OrDash(hook.policy_mode) << ", revision " << OrDash(hook.policy_revision)
      << "\n  changes of " << hook.followed << " processes noticed by " << OrDash(hook.wake_mode)
      << "\n  " << hook.quarantines << " quarantines in force, " << hook.revoked
      << " SVIDs on the revocation lists\n  lists signed " << WhenText(hook.crl_published_at, now)
      << ", next " << WhenText(hook.crl_next_update, now) << "\n  " << hook.audit_sequence
      << " audit records, the newest in " << OrDash(hook.audit_segment) << "\n";
}

void PrintLoad(const LoadStatus& load, std::ostream& out) {
  out << "\nLoad\n  " << load.connections << " connections";
  if (load.connections_limit > 0) out << " of " << load.connections_limit;
  out << ", " << load.streams << " streams, " << load.ready_turns << " turns waiting\n  "
      << load.accepted_total << " connections taken so far, " << load.refused_connections_total
      << " refused; " << load.refused_calls_total << " calls refused\n";
}

std::string IdsText(const SessionStatus& session) {
  std::string text;
  for (const std::string& id : session.spiffe_ids)
    text += (text.empty() ? "" : " ") + Printable(id);
  return text.empty() ? "-" : text;
}

void PrintSessions(const DaemonStatus& status, WallTime now, std::ostream& out) {
  out << "\nSessions\n";
  if (status.sessions.empty()) out << "  none\n";
  if (status.sessions.empty()) return;
  TextTable table(
      {"PID", "UID", "METHOD", "STATE", "OPENED", "LAST PUSH", "NEXT TURN", "SPIFFE IDS"});
  for (const SessionStatus& session : status.sessions)
    table.Add({std::to_string(session.pid), std::to_string(session.uid), OrDash(session.method),
               OrDash(session.state), WhenText(session.opened_at, now),
               WhenText(session.last_push, now), WhenText(session.next_turn, now),
               IdsText(session)});
  table.Print("  ", out);
  if (status.sessions.size() < status.load.streams)
    out << "  ... and " << status.load.streams - status.sessions.size() << " more\n";
}

void PrintSinks(const DaemonStatus& status, WallTime now, std::ostream& out) {
  if (status.sinks.empty()) return;
  out << "\nSinks\n";
  TextTable table({"NAME", "FOR", "PID", "STATE", "WRITTEN", "NOT AFTER", "SPIFFE ID", "FOLDER"});
  for (const SinkStatus& sink : status.sinks)
    table.Add({OrDash(sink.name), OrDash(sink.subject),
               sink.pid > 0 ? std::to_string(sink.pid) : "-", OrDash(sink.state),
               WhenText(sink.written_at, now), WhenText(sink.not_after, now),
               OrDash(sink.spiffe_id), OrDash(sink.folder)});
  table.Print("  ", out);
  for (const SinkStatus& sink : status.sinks)
    if (!sink.last_error.empty())
      out << "  ! " << Printable(sink.name) << ": " << Printable(sink.last_error) << "\n";
}

}  // namespace

void PrintStatusText(const DaemonStatus& status, WallTime now, std::ostream& out) {
  out << "Surety " << OrDash(status.version) << ", trust domain " << OrDash(status.trust_domain)
      << ", pid " << status.pid << "\n";
  if (status.started_at)
    out << "Up since " << Rfc3339(*status.started_at) << " (" << SpanText(now - *status.started_at)
        << ")\n";
  PrintDegraded(status, out);
  PrintAuthorities(status, now, out);
  PrintEntries(status.entries, now, out);
  PrintHook(status.hook, now, out);
  PrintLoad(status.load, out);
  PrintSessions(status, now, out);
  PrintSinks(status, now, out);
}

}  // namespace surety
