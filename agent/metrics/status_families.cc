#include "agent/metrics/status_families.h"

#include <array>
#include <chrono>
#include <optional>
#include <string>
#include <utility>

namespace surety {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;

using Label = ClientMetric::Label;

template <typename Number>
double Real(Number number) {
  return static_cast<double>(number);
}

double Seconds1970(WallTime time) {
  return std::chrono::duration<double>(time.time_since_epoch()).count();
}

ClientMetric Sample(double value, std::vector<Label> labels) {
  ClientMetric metric;
  metric.label = std::move(labels);
  metric.gauge.value = value;
  metric.counter.value = value;
  return metric;
}

/// Collects families in the order in which they are told.
class Families {
 public:
  void Gauge(const char* name, const char* help, double value) {
    Add(name, help, MetricType::Gauge).metric.push_back(Sample(value, {}));
  }
  void Counter(const char* name, const char* help, double value) {
    Add(name, help, MetricType::Counter).metric.push_back(Sample(value, {}));
  }
  void Time(const char* name, const char* help, const std::optional<WallTime>& time) {
    if (time) Gauge(name, help, Seconds1970(*time));
  }
  MetricFamily& Add(const char* name, const char* help, MetricType type) {
    families_.push_back({name, help, type, {}});
    return families_.back();
  }
  std::vector<MetricFamily> Take() && { return std::move(families_); }

 private:
  std::vector<MetricFamily> families_;
};

void TellDaemon(const DaemonStatus& status, Families& out) {
  out.Add("surety_build_info", "Always 1; its label names the version.", MetricType::Gauge)
      .metric.push_back(Sample(1, {{"version", status.version}}));
  out.Gauge("surety_degraded", "What is not well: so many sentences has surety status.",
            Real(status.degraded.size()));
  out.Gauge("surety_bundle_revision", "Changes with the trust bundle and the CRLs.",
            Real(status.bundle_revision));
  out.Gauge("surety_entries", "Entries in force.", Real(status.entries.count));
  out.Gauge("surety_entries_taken", "1 if the newest entry files are in force, else 0.",
            status.entries.last_error.empty() ? 1 : 0);
  out.Time("surety_entries_loaded_timestamp_seconds", "When the entries in force were loaded.",
           status.entries.loaded_at);
  out.Gauge("surety_policies", "Policies in force.", Real(status.hook.policies));
  out.Gauge("surety_policy_monitor", "1 if policies only watch, else 0.",
            status.hook.policy_mode == "monitor" ? 1 : 0);
  out.Gauge("surety_quarantines", "Quarantines in force.", Real(status.hook.quarantines));
}

void TellLoad(const LoadStatus& load, Families& out) {
  out.Gauge("surety_connections", "Connections to the Workload API.", Real(load.connections));
  out.Gauge("surety_connections_limit", "So many may be open; 0: no limit.",
            Real(load.connections_limit));
  out.Gauge("surety_streams", "Calls that are open.", Real(load.streams));
  out.Gauge("surety_turns_waiting", "Turns that are due and wait for a thread.",
            Real(load.ready_turns));
  out.Counter("surety_connections_accepted_total", "Connections that were let in.",
              Real(load.accepted_total));
  MetricFamily& refused =
      out.Add("surety_limit_refusals_total", "Connections and calls that a limit refused.",
              MetricType::Counter);
  refused.metric.push_back(Sample(Real(load.refused_connections_total), {{"of", "connection"}}));
  refused.metric.push_back(Sample(Real(load.refused_calls_total), {{"of", "call"}}));
}

void TellWatcher(const WatcherStatus& watcher, Families& out) {
  MetricFamily& mode =
      out.Add("surety_wake_mode", "1 for how changes of processes are noticed.", MetricType::Gauge);
  for (const WakeMode one : {WakeMode::kEvents, WakeMode::kSweep})
    mode.metric.push_back(
        Sample(watcher.mode == one ? 1 : 0, {{"mode", std::string(NameOf(one))}}));
  out.Gauge("surety_followed_processes", "Processes whose changes are watched.",
            Real(watcher.followed));
  out.Counter("surety_kernel_events_total", "Events of the kernel that were read.",
              Real(watcher.events_total));
  out.Counter("surety_kernel_events_lost_total",
              "Times that events were lost, after which everything is looked at again.",
              Real(watcher.overflows_total));
  out.Counter("surety_sweeps_total", "Sweeps over all followed processes.",
              Real(watcher.sweeps_total));
  out.Gauge("surety_last_sweep_seconds", "How long the last one took.",
            std::chrono::duration<double>(watcher.last_sweep).count());
}

void TellSigners(const MetricsSnapshot& snapshot, Families& out) {
  constexpr auto kEnd = "When the certificate or key that signs expires.";
  constexpr auto kNext = "When another takes its place; absent if that is not planned.";
  const std::array<std::pair<const char*, const SignerTimes*>, 3> all{
      {{"x509", &snapshot.x509}, {"jwt", &snapshot.jwt}, {"wit", &snapshot.wit}}};
  MetricFamily end{"surety_ca_not_after_timestamp_seconds", kEnd, MetricType::Gauge, {}};
  MetricFamily next{"surety_ca_next_rotation_timestamp_seconds", kNext, MetricType::Gauge, {}};
  for (const auto& [signs, times] : all) {
    if (times->not_after)
      end.metric.push_back(Sample(Seconds1970(*times->not_after), {{"signs", signs}}));
    if (times->next_change)
      next.metric.push_back(Sample(Seconds1970(*times->next_change), {{"signs", signs}}));
  }
  for (const MetricFamily& one : {end, next})
    if (!one.metric.empty())
      out.Add(one.name.c_str(), one.help.c_str(), one.type).metric = one.metric;
}

void TellCrls(const MetricsSnapshot& snapshot, Families& out) {
  out.Gauge("surety_crl_number", "The highest number of a CRL.", Real(snapshot.crl_number));
  out.Time("surety_crl_this_update_timestamp_seconds", "When the oldest CRL was made.",
           snapshot.crl_this_update);
  out.Time("surety_crl_next_update_timestamp_seconds", "When the first CRL expires.",
           snapshot.crl_next_update);
  out.Gauge("surety_crl_revoked_serials", "Serials on the CRLs.",
            Real(snapshot.status.hook.revoked));
}

void TellAudit(const MetricsSnapshot& snapshot, Families& out) {
  out.Gauge("surety_audit_sequence", "The last line of the audit log.",
            Real(snapshot.status.hook.audit_sequence));
  out.Gauge("surety_audit_synced_sequence", "The last line that is known to be on the disk.",
            Real(snapshot.audit_synced_sequence));
  out.Gauge("surety_audit_writable", "0 if the audit log cannot be written, and nothing is issued.",
            snapshot.audit_unrecorded == 0 ? 1 : 0);
  out.Gauge("surety_audit_unrecorded", "Records that are missing since it cannot be written.",
            Real(snapshot.audit_unrecorded));
}

void TellPlugins(const std::vector<PluginHealth>& plugins, Families& out) {
  if (plugins.empty()) return;
  MetricFamily& all = out.Add("surety_plugin_answers", "1 if the attestor plug-in answers, else 0.",
                              MetricType::Gauge);
  for (const PluginHealth& one : plugins)
    all.metric.push_back(Sample(one.answers ? 1 : 0, {{"plugin", one.name}}));
}

}  // namespace

std::vector<MetricFamily> FamiliesOf(const MetricsSnapshot& snapshot) {
  Families out;
  TellDaemon(snapshot.status, out);
  out.Gauge("surety_policies_taken", "1 if the newest policies are in force, else 0.",
            snapshot.policies_taken ? 1 : 0);
  TellLoad(snapshot.status.load, out);
  TellWatcher(snapshot.watcher, out);
  TellSigners(snapshot, out);
  TellCrls(snapshot, out);
  TellAudit(snapshot, out);
  TellPlugins(snapshot.plugins, out);
  out.Time("process_start_time_seconds", "When the daemon started.", snapshot.status.started_at);
  return std::move(out).Take();
}

std::vector<MetricFamily> FamiliesOf(const ProcessUsage& usage) {
  Families out;
  out.Counter("process_cpu_seconds_total", "Processor time, user and system.", usage.cpu_seconds);
  out.Gauge("process_resident_memory_bytes", "Memory.", Real(usage.resident_bytes));
  out.Gauge("process_threads", "Threads.", Real(usage.threads));
  out.Gauge("process_open_fds", "Open descriptors.", Real(usage.open_fds));
  out.Gauge("process_max_fds", "So many may be open.", Real(usage.most_fds));
  return std::move(out).Take();
}

}  // namespace surety
