// What the daemon does while it runs: the rest of Daemon.

#include <signal.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <algorithm>

#include "agent/daemon.h"
#include "agent/version.h"

namespace surety {
namespace {

constexpr std::chrono::milliseconds kTick{1'000};
constexpr std::chrono::milliseconds kStopGrace{1'500};
// Turns that ask an external hook for several entries take seconds, no others do.
constexpr Seconds kLongestTurn{15};

void Append(std::vector<std::string> more, std::vector<std::string>& all) {
  std::move(more.begin(), more.end(), std::back_inserter(all));
}

void LogFailure(const Result<void>& told, spdlog::logger& logger) {
  if (!told) logger.warn("{}", told.error().Text());
}

}  // namespace

void Daemon::Run(Signals& signals, ServiceManager& service) {
  LogFailure(service.Ready(ServiceStatus()), *logger_);
  while (true) {
    const auto signal = signals.Wait(kTick);
    if (signal == SIGTERM || signal == SIGINT) break;
    if (signal == SIGHUP) {
      LogFailure(service.Reloading(), *logger_);
      Reload();
      LogFailure(service.Ready(ServiceStatus()), *logger_);
    }
    KeepHouse();
    ReportTo(service);
    ReportHealth();
  }
  LogFailure(service.Stopping(), *logger_);
  logger_->info("stopping: every stream ends with UNAVAILABLE");
  Note("daemon.stopped", NoticeSeverity::kInfo, {});
  Stop();
}

void Daemon::Stop() {
  if (endpoint_) endpoint_->Stop();
  if (metrics_) metrics_->Stop();
  clock_watch_.reset();
  entries_watch_.reset();
  policies_watch_.reset();
  if (api_) api_->Stop(kStopGrace);
  if (following_) following_->Stop();
  if (sinks_) sinks_->Stop();
  if (watcher_) watcher_->Stop();
  crl_keeper_.reset();
  if (scheduler_) scheduler_->Stop();
  api_.reset();
  if (state_) {
    if (const auto stored = state_->Flush(); !stored)
      logger_->error("storing the state: {}", stored.error().Text());
  }
  tender_.reset();
}

void Daemon::Reload() {
  logger_->info("SIGHUP: reading entries, policies, bundles and authority files again");
  LoadEntries();
  LoadPolicies();
  Heed(authority_->Reload(clock_.Now()));
  if (endpoint_) endpoint_->RenewSoon();
  if (bundle_map_) bundle_map_->Reload();
}

void Daemon::LoadEntries() {
  const EntryLoad load = entries_.Load();
  Tell(load.diagnostics);
  if (!load.ok()) {
    if (load.count != 0)
      logger_->error("entries not loaded, errors: {}; the last good set of {} stays in force",
                     load.diagnostics.errors(), load.count);
    else
      logger_->error("entries not loaded, errors: {}; no process has an identity until mended",
                     load.diagnostics.errors());
    Note("entries.refused", NoticeSeverity::kWarning,
         {{"errors", std::to_string(load.diagnostics.errors())},
          {"in_force", std::to_string(load.count)}});
  } else if (load.changed) {
    logger_->info("{} entries in force", load.count);
    Note("entries.loaded", NoticeSeverity::kInfo, {{"count", std::to_string(load.count)}});
    scheduler_->WakeAll();
  }
}

void Daemon::LoadPolicies() {
  const PolicyLoad load = policy_.Load();
  Tell(load.diagnostics);
  if (!load.ok()) {
    logger_->error("policies not loaded, errors: {}; revision {} stays in force",
                   load.diagnostics.errors(), load.revision);
    Note("policy.refused", NoticeSeverity::kHigh,
         {{"errors", std::to_string(load.diagnostics.errors())}, {"in_force", load.revision}});
    return;
  }
  for (const PolicyStepBack& step : load.steps_back) {
    logger_->warn("policy: {} {} has less force than before", step.what, step.id);
    Note(step.what, NoticeSeverity::kHigh, {{"policy", step.id}, {"revision", load.revision}});
  }
  if (!load.changed) return;
  logger_->info("{} policies in force, revision {}", load.count, load.revision);
  Note("policy.loaded", NoticeSeverity::kInfo,
       {{"revision", load.revision}, {"count", std::to_string(load.count)}});
  scheduler_->WakeAll();
}

void Daemon::Tell(const Diagnostics& diagnostics) {
  for (const Diagnostic& item : diagnostics.items())
    logger_->log(item.severity == Severity::kError ? spdlog::level::err : spdlog::level::warn,
                 "{}:{}:{}: {} ({})", item.file, item.at.line, item.at.column, item.what, item.fix);
}

void Daemon::KeepHouse() {
  const Moment now = clock_.Now();
  LookAtClock(now);
  if (now.boot >= advance_at_.load()) Heed(authority_->Advance(now));
  if (now.boot >= token_keys_upkeep_.advance_at.load())
    HeedTokenKeys(token_keys_->Advance(now), token_keys_upkeep_);
  if (wit_keys_ && now.boot >= wit_keys_upkeep_.advance_at.load())
    HeedTokenKeys(wit_keys_->Advance(now), wit_keys_upkeep_);
  state_->Tick(now, audit_file_->Status().last_seq);
  audit_->Tick(now);
  api_->CutStalled();
  if (endpoint_) endpoint_->Tend(now);
  if (bundle_map_) bundle_map_->Tend();
  TendPlugins();
}

// Called behind KeepHouse, so that it proves the upkeep to be alive as well as the walk.
void Daemon::ReportTo(ServiceManager& service) {
  const bool hangs = clock_.Now().boot - scheduler_->last_alive() > kLongestTurn;
  if (hangs && !walk_hangs_)
    logger_->error("the walk hangs: no proof of life goes to systemd until turns are taken again");
  walk_hangs_ = hangs;
  if (!hangs) LogFailure(service.Alive(ServiceStatus()), *logger_);
}

std::string Daemon::ServiceStatus() const {
  const std::vector<std::string> degraded = Degraded();
  std::string line = "serving " + std::string(config_.trust_domain.IdText()) + ", " +
                     std::to_string(entries_.Status().count) + " entries";
  if (!degraded.empty()) line += "; degraded: " + degraded.front();
  std::ranges::replace(line, '\n', ' ');
  return line;
}

void Daemon::TendPlugins() {
  for (const auto& [name, required, news] : plugins_.Tend()) {
    if (news.failure) {
      logger_->error("the plug-in {} does not answer: {}", name, news.failure->Text());
      Note("plugin.failed", required ? NoticeSeverity::kWarning : NoticeSeverity::kInfo,
           {{"plugin", name}, {"why", news.failure->Text()}});
    } else {
      logger_->info("the plug-in {} answers: {}", name, news.description);
      Note("plugin.answers", NoticeSeverity::kInfo, {{"plugin", name}});
      scheduler_->WakeAll();
    }
  }
}

// Of the thread that keeps house, and of the one that waits for the clock to be set.
void Daemon::LookAtClock(Moment now) {
  BootClock::duration moved{};
  {
    const std::lock_guard lock(clock_mutex_);
    moved = wall_clock_.Look(now);
  }
  if (moved == BootClock::duration::zero()) return;
  const auto seconds = std::chrono::duration_cast<Seconds>(moved).count();
  logger_->warn("the wall clock was set by {} s: SVIDs carry the new time from now on", seconds);
  Note("clock.set", NoticeSeverity::kHigh, {{"seconds", std::to_string(seconds)}});
  if (moved < BootClock::duration::zero()) state_->sanctions().ClockSetBack(now);
  advance_at_ = BootTime{};
  token_keys_upkeep_.advance_at = BootTime{};
  wit_keys_upkeep_.advance_at = BootTime{};
  if (crl_keeper_) crl_keeper_->Wake();
  if (endpoint_) endpoint_->RenewSoon();
  scheduler_->WakeAll();
}

void Daemon::Heed(const AuthorityProgress& progress) {
  for (const std::string& event : progress.events) logger_->info("authority: {}", event);
  const std::string failure = progress.failure ? progress.failure->Text() : std::string();
  if (failure != authority_failure_ && !failure.empty()) logger_->error("authority: {}", failure);
  authority_failure_ = failure;
  advance_at_ = progress.call_again_at;
  if (progress.signer_changed || progress.bundles_changed) {
    crl_keeper_->Wake();
    scheduler_->WakeAll();
  }
}

void Daemon::HeedTokenKeys(const AuthorityProgress& progress, TokenUpkeep& upkeep) {
  for (const std::string& event : progress.events) logger_->info("{}: {}", upkeep.what, event);
  const std::string failure = progress.failure ? progress.failure->Text() : std::string();
  if (failure != upkeep.failure && !failure.empty()) logger_->error("{}: {}", upkeep.what, failure);
  upkeep.failure = failure;
  upkeep.advance_at = progress.call_again_at;
  if (progress.bundles_changed) scheduler_->WakeAll();
}

void Daemon::Heed(const CrlProgress& progress) {
  for (const std::string& event : progress.events) logger_->debug("CRLs: {}", event);
  const std::string failure = progress.failure ? progress.failure->Text() : std::string();
  if (failure != crl_failure_ && !failure.empty()) logger_->error("CRLs: {}", failure);
  crl_failure_ = failure;
  if (progress.bundles_changed) scheduler_->WakeAll();
}

void Daemon::Note(std::string_view what, NoticeSeverity severity,
                  std::vector<std::pair<std::string, std::string>> details) {
  // What cannot be recorded has happened all the same; the log tells why.
  const auto noted = Record().Note(
      {.at = clock_.Now(), .what = what, .severity = severity, .details = std::move(details)});
  static_cast<void>(noted);
}

DaemonStatus Daemon::Status() const {
  DaemonStatus status;
  status.version = kVersion;
  status.trust_domain = config_.trust_domain.name();
  status.pid = ::getpid();
  status.started_at = started_.wall;
  status.bundle_revision = crls_->Bundles()->revision;
  status.authorities = authority_->Status();
  for (AuthorityStatus& key : token_keys_->Status()) status.authorities.push_back(std::move(key));
  if (wit_keys_)
    for (AuthorityStatus& key : wit_keys_->Status()) status.authorities.push_back(std::move(key));

  const EntryStoreStatus entries = entries_.Status();
  status.entries = {.count = static_cast<std::uint32_t>(entries.count),
                    .loaded_at = entries.loaded_at,
                    .folder = entries.folder,
                    .last_error = entries.last_error};
  status.load.ready_turns = static_cast<std::uint32_t>(scheduler_->ready());
  status.hook = Hook();
  status.degraded = Degraded();
  status.sinks = sinks_->Status();
  return status;
}

HookStatus Daemon::Hook() const {
  const PolicyStatus policy = policy_.Status();
  const WatcherStatus watcher = watcher_->Status();
  const CrlStatus crls = crls_->Status();
  const AuditFileStatus audit = audit_file_->Status();
  HookStatus hook{
      .policy_revision = policy.revision,
      .policy_mode = std::string(NameOf(policy.mode)),
      .policy_folder = policy.folder,
      .policies = static_cast<std::uint32_t>(policy.count),
      .wake_mode = std::string(NameOf(watcher.mode)),
      .followed = watcher.followed,
      .quarantines = static_cast<std::uint32_t>(state_->quarantines().All(clock_.Now()).size()),
      .revoked = 0,
      .crl_published_at = crls.published_at,
      .crl_next_update = {},
      .audit_sequence = audit.last_seq,
      .audit_segment = audit.segment};
  for (const CrlStatus::Issuer& issuer : crls.issuers) {
    hook.revoked += static_cast<std::uint32_t>(issuer.entries);
    if (!hook.crl_next_update || issuer.next_update < *hook.crl_next_update)
      hook.crl_next_update = issuer.next_update;
  }
  return hook;
}

std::vector<std::string> Daemon::Degraded() const {
  const WallTime now = clock_.Now().wall;
  std::vector<std::string> all = authority_->Degraded(now);
  Append(token_keys_->Degraded(now), all);
  if (wit_keys_) Append(wit_keys_->Degraded(now), all);
  Append(crls_->Degraded(now), all);
  Append(foreign_bundles_->Degraded(), all);
  if (bundle_map_) Append(bundle_map_->Degraded(), all);
  Append(audit_file_->Degraded(), all);
  if (auto sentence = state_->Degraded(); !sentence.empty()) all.push_back(std::move(sentence));
  if (const auto entries = entries_.Status(); !entries.last_error.empty())
    all.push_back("the newest entry files were not taken: " + entries.last_error);
  const PolicyStatus policy = policy_.Status();
  if (!policy.last_error.empty())
    all.push_back("the newest policies were not taken: " + policy.last_error);
  if (policy.mode == PolicyMode::kMonitor)
    all.emplace_back("policies only watch: [policy] monitor is true");
  if (policy_with_hook_) {
    if (auto sentence = policy_with_hook_->Degraded(); !sentence.empty())
      all.push_back(std::move(sentence));
  }
  Append(plugins_.Degraded(), all);
  Append(sinks_->Degraded(), all);
  if (endpoint_) Append(endpoint_->Degraded(now), all);
  Append(following_->Degraded(), all);
  if (const auto watcher = watcher_->Status(); watcher.mode == WakeMode::kSweep)
    all.push_back("changes of processes are found by sweeps alone: " + watcher.why_no_events);
  return all;
}

}  // namespace surety
