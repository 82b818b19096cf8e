#include "agent/daemon.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <iterator>

#include "agent/daemon_attestors.h"
#include "agent/daemon_options.h"
#include "agent/identity/key_uri.h"
#include "agent/open_files.h"
#include "agent/record/recollection.h"
#include "agent/record/rfc3339.h"
#include "agent/start_pages.h"
#include "agent/version.h"
#include "attestors/builtin.h"
#include "attestors/lineage_reader.h"
#include "attestors/linux_process.h"
#include "workload_api/client/grpc_external_hook.h"

namespace surety {
namespace {

constexpr int kTurnThreads = 4;
// A turn that asks an external hook or a token waits for it, and one that asks an engine or a
// plug-in a few milliseconds.
constexpr int kTurnThreadsWhereTheyWait = 8;
// Who was told "could not tell" has come again by itself within this time.
constexpr Seconds kShortOutage{1};

bool TurnsMayWait(const Config& config) {
  return !config.hook.socket.empty() || config.docker || config.podman || config.k8s ||
         !config.plugins.empty() || (config.x509.ca_files && IsKeyUri(config.x509.ca_files->key));
}

std::vector<std::unique_ptr<Attestor>> AttestorsOf(const Config& config,
                                                   std::shared_ptr<const TracerMemory> tracers,
                                                   const DaemonPlugins& plugins) {
  AttestorOptions options = AttestorOptionsOf(config);
  options.unix_attestor.tracers = std::move(tracers);
  auto all = BuiltinAttestors(options);
  // Without a boot id the daemon does not start: OpenState.
  const auto boot_id = ReadBootId();
  std::ranges::move(plugins.Attestors(boot_id ? *boot_id : std::string()), std::back_inserter(all));
  return all;
}

}  // namespace

Result<std::unique_ptr<Daemon>> Daemon::Start(const Config& config, PassedSockets passed,
                                              std::shared_ptr<spdlog::logger> logger) {
  std::unique_ptr<Daemon> daemon(new Daemon(config, std::move(passed), std::move(logger)));
  using Part = Result<void> (Daemon::*)();
  for (const Part part :
       {&Daemon::OpenState, &Daemon::OpenRecord, &Daemon::OpenAuthority, &Daemon::OpenTokenKeys,
        &Daemon::OpenFederation, &Daemon::FollowOthers, &Daemon::StartWatching, &Daemon::LoadRules,
        &Daemon::ListenForMetrics, &Daemon::ServeEndpoint, &Daemon::Serve, &Daemon::ServeMetrics})
    if (auto done = (*daemon.*part)(); !done) return done.error();
  return daemon;
}

Daemon::Daemon(const Config& config, PassedSockets passed, std::shared_ptr<spdlog::logger> logger)
    : config_(config),
      passed_(std::move(passed)),
      logger_(std::move(logger)),
      open_files_(RaiseOpenFileLimit()),
      opener_(MakeLinuxProcessOpener()),
      plugins_(config.plugins),
      attestors_(AttestorsOf(config, tracers_, plugins_)),
      lineages_(MakeLineageReader()),
      gate_(ChurnLimitsOf(config.limits),
            [this](const std::string& lineage) {
              state_->history().Suspect(lineage, "burst", clock_.Now());
            }),
      entries_(config.entries_dir, EntryRulesOf(config, SelectorKindsOf(attestors_)), clock_),
      policy_(PolicySettingsOf(config), clock_),
      external_hook_(config.hook.socket.empty()
                         ? nullptr
                         : std::make_unique<GrpcExternalHook>(config.hook.socket)),
      policy_with_hook_(MakePolicyWithHook()) {}

Result<void> Daemon::OpenState() {
  auto scheduler = TurnsMayWait(config_)
                       ? TurnScheduler::Start(clock_, kTurnThreadsWhereTheyWait, Turns::kMayWait)
                       : TurnScheduler::Start(clock_, kTurnThreads);
  if (!scheduler) return scheduler.error();
  scheduler_ = *std::move(scheduler);
  auto boot_id = ReadBootId();
  if (!boot_id) return boot_id.error();
  auto state = State::Open({.folder = config_.state_dir,
                            .boot_id = *std::move(boot_id),
                            .clock = clock_,
                            .reader = *lineages_,
                            .opener = *opener_,
                            .events = EventsOfSanctions()});
  if (!state) return state.error().Within("opening the state");
  state_ = *std::move(state);
  for (const std::string& note : state_->notes()) logger_->info("state: {}", note);
  orders_ = std::make_unique<OperatorOrders>(*state_, *opener_, *lineages_, clock_,
                                             [this] { scheduler_->WakeAll(); });
  return {};
}

Result<void> Daemon::OpenRecord() {
  static AuditDisk disk;
  AuditFileOptions options;
  options.folder = AuditFolderOf(config_);
  options.segment_bytes = config_.audit.segment_size;
  options.keep_segments = config_.audit.keep_segments;
  options.checkpoint_interval = config_.audit.checkpoint_interval;
  auto file = AuditFile::Open(std::move(options), clock_.Now(), disk);
  if (!file) return file.error().Within("opening the audit log");
  audit_file_ = *std::move(file);
  audit_to_log_ = std::make_unique<AuditToLog>(*audit_file_, logger_);
  audit_ = std::make_unique<RepeatedAnswers>(*audit_to_log_, RepeatedAnswers::Limits{});
  if (config_.metrics.on())
    metrics_ = std::make_unique<DaemonMetrics>(config_.metrics, *audit_, attestors_);

  const auto learnt = Recollect(AuditFolderOf(config_), *state_);
  if (!learnt) return learnt.error();
  state_->Ready(clock_.Now());
  if (learnt->died_after)
    Note("daemon.died", NoticeSeverity::kHigh,
         {{"last_seq", std::to_string(learnt->died_after->seq)},
          {"last_time", Rfc3339Exact(learnt->died_after->at.wall)},
          {"meaning", "it did not end in order; nobody has watched since then"}});
  Note("daemon.started", NoticeSeverity::kInfo,
       {{"version", std::string(kVersion)},
        {"trust_domain", config_.trust_domain.name()},
        {"records_learnt_again", std::to_string(learnt->turns)}});
  tender_ = std::make_unique<AuditTender>(*audit_file_, clock_, *logger_);
  return {};
}

Result<void> Daemon::OpenAuthority() {
  auto authority = AuthorityOf(config_, clock_.Now());
  if (!authority) return authority.error();
  authority_ = *std::move(authority);
  MakeEndpoint();
  auto crls = CrlPublisher::Open(*authority_, state_->revocations(),
                                 {.state_dir = config_.state_dir,
                                  .validity = config_.x509.crl_validity,
                                  .clock_skew = config_.x509.clock_skew,
                                  .file = config_.x509.crl_file});
  if (!crls) return crls.error().Within("opening the CRLs");
  crls_ = *std::move(crls);
  // Before anybody is served, so that the first bundles have their CRLs.
  Heed(crls_->Work(clock_.Now()));
  crl_keeper_ = std::make_unique<CrlKeeper>(
      *crls_, clock_, [this](const CrlProgress& progress) { Heed(progress); });
  return {};
}

Result<void> Daemon::OpenTokenKeys() {
  auto keys = OpenJwtAuthority(JwtOptionsOf(config_), clock_.Now());
  if (!keys) return keys.error().Within("opening the keys that sign tokens");
  token_keys_ = *std::move(keys);
  if (!config_.wit.enabled) {
    const auto revision = WitAuthority::Retire(WitOptionsOf(config_));
    if (!revision) return revision.error().Within("forgetting the keys that signed WIT-SVIDs");
    no_wit_keys_ =
        std::make_shared<const TokenBundles>(TokenBundles{.revision = *revision, .jwk_sets = {}});
    return {};
  }
  auto wit_keys = WitAuthority::Open(WitOptionsOf(config_), clock_.Now());
  if (!wit_keys) return wit_keys.error().Within("opening the keys that sign WIT-SVIDs");
  wit_keys_ = *std::move(wit_keys);
  return {};
}

Result<void> Daemon::StartWatching() {
  auto watcher = ProcessWatcher::Start(clock_, *opener_, EventsOfWatcher(),
                                       WatchOptionsOf(config_, open_files_));
  if (!watcher) return watcher.error().Within("watching processes");
  watcher_ = *std::move(watcher);
  const WatcherStatus status = watcher_->Status();
  if (status.mode == WakeMode::kSweep)
    logger_->warn("changes of processes are found by sweeps alone, every {} ms: {}",
                  config_.watch.sweep_interval.count(), status.why_no_events);
  // What ran on while no daemon watched is followed and looked at again.
  for (const ProcessKey& process : state_->scopes().Processes()) {
    auto handle = opener_->OpenByPid(process.pid);
    if (handle && (*handle)->key() == process) watcher_->Follow(*std::move(handle));
  }
  auto clock_watch = ClockChangeWatch::Start([this] { LookAtClock(clock_.Now()); });
  if (!clock_watch) return clock_watch.error();
  clock_watch_ = *std::move(clock_watch);
  return {};
}

Result<void> Daemon::LoadRules() {
  // The watches begin before the first load, so that no change falls between.
  auto entries = EntriesWatch::Start(config_.entries_dir, [this] { LoadEntries(); });
  if (!entries) return entries.error();
  entries_watch_ = *std::move(entries);
  LoadEntries();
  if (!config_.policy.dir.empty()) {
    auto policies = EntriesWatch::Start(config_.policy.dir, [this] { LoadPolicies(); });
    if (!policies) return policies.error();
    policies_watch_ = *std::move(policies);
  }
  LoadPolicies();
  TendPlugins();
  return {};
}

Result<void> Daemon::Serve() {
  sinks_ = std::make_unique<DaemonSinks>(config_, Walk(), *scheduler_, *opener_, logger_);
  WalkRules rules;
  rules.refuse_at_expiry = config_.policy.refuse_at_expiry;
  auto api = ApiServer::Start({.walk = Walk(),
                               .rules = rules,
                               .scheduler = *scheduler_,
                               .opener = *opener_,
                               .clock = clock_,
                               .status = *this,
                               .validator = *federated_tokens_,
                               .actions = *orders_,
                               .bundles = *bundle_orders_,
                               .logger = logger_},
                              ApiOptionsOf(config_, passed_, open_files_));
  if (!api) return api.error();
  api_ = *std::move(api);
  logger_->info("suretyd {} serves {} at {} (admin at {})", kVersion, config_.trust_domain.IdText(),
                config_.workload_api.socket.path, config_.admin.socket.path);
  GiveBackStartPages();
  return {};
}

Daemon::~Daemon() { Stop(); }

WalkParts Daemon::Walk() {
  return {.attestors = attestors_,
          .entries = entries_,
          .ledger = state_->scopes(),
          .history = state_->history(),
          .policy = PolicyInForce(),
          .issuer = *authority_,
          .bundles = *crls_,
          .tokens = *token_keys_,
          .federation = *federation_,
          .audit = Record(),
          .sanctions = state_->sanctions(),
          .watcher = *watcher_,
          .gate = gate_,
          .clock = clock_,
          .wits = wit_keys_.get()};
}

std::unique_ptr<ExternalHookPolicy> Daemon::MakePolicyWithHook() {
  if (!external_hook_) return nullptr;
  ExternalHookSettings settings;
  settings.timeout = config_.hook.timeout;
  if (config_.hook.refuse_on_failure) settings.on_failure = Verdict::kRefuse;
  if (config_.policy.monitor) settings.mode = PolicyMode::kMonitor;
  settings.most_questions = kTurnThreadsWhereTheyWait;
  return std::make_unique<ExternalHookPolicy>(
      policy_, *external_hook_, clock_, settings,
      ExternalHookEvents{.failed =
                             [this](const std::string& why) {
                               logger_->error("the hook: {}", why);
                               Note("hook.failed", NoticeSeverity::kWarning, {{"why", why}});
                             },
                         .answers_again =
                             [this](BootClock::duration after) {
                               logger_->info("the hook answers again");
                               Note("hook.answers", NoticeSeverity::kInfo, {});
                               if (after > kShortOutage) scheduler_->WakeAll();
                             }});
}

const Policy& Daemon::PolicyInForce() const {
  if (policy_with_hook_) return *policy_with_hook_;
  return policy_;
}

SanctionEvents Daemon::EventsOfSanctions() {
  return {.revoked =
              [this] {
                if (crl_keeper_) crl_keeper_->Wake();
              },
          .wake =
              [this](const std::vector<ProcessKey>& processes) {
                for (const ProcessKey& process : processes) scheduler_->WakeProcess(process);
              },
          .quarantine_ended =
              [this](const std::string& lineage) {
                state_->history().Suspect(lineage, "quarantine.released", clock_.Now());
              },
          .notice =
              [this](const AuditNotice& notice) {
                // What is not recorded has happened all the same; the log itself tells why.
                if (!audit_) return;
                const auto noted = Record().Note(notice);
                static_cast<void>(noted);
              }};
}

WatcherEvents Daemon::EventsOfWatcher() {
  return {.changed = [this](const ProcessKey& process,
                            WakeReason) { scheduler_->WakeProcess(process); },
          .traced =
              [this](const ProcessKey& process, pid_t tracer) {
                const auto uid = ReadRealUidOfThread(tracer);
                tracers_->Note(process, uid ? TracerMemory::Tracer(*uid) : std::nullopt);
              },
          .exited =
              [this](const ProcessKey& process) {
                tracers_->Forget(process);
                state_->Exited(process, clock_.Now());
                scheduler_->WakeProcess(process);
              },
          .forked = [this](const ProcessKey& parent,
                           const ProcessKey& child) { state_->Forked(parent, child); },
          .lost =
              [this] {
                Note("watch.lost", NoticeSeverity::kWarning,
                     {{"meaning", "kernel events were lost; every process is looked at again"}});
                scheduler_->WakeAll();
              }};
}

}  // namespace surety
