#include "agent/daemon.h"

#include <signal.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <algorithm>
#include <limits>

#include "agent/issuance/embedded_authority.h"
#include "agent/issuance/files_authority.h"
#include "agent/open_files.h"
#include "agent/version.h"
#include "attestors/builtin.h"
#include "attestors/linux_process.h"

namespace surety {
namespace {

constexpr int kTurnThreads = 4;
constexpr std::chrono::milliseconds kTick{1'000};
// In ticks: scopes of processes that have exited are only memory.
constexpr int kSweepEvery = 10;
constexpr std::chrono::milliseconds kStopGrace{1'500};

AttestorOptions AttestorOptionsOf(const Config& config) {
  AttestorOptions options;
  options.unix_attestor.hash.max_bytes = config.unix_attestor.sha256_max_size;
  options.unix_attestor.hash.per_file = config.unix_attestor.sha256_timeout;
  return options;
}

Result<std::unique_ptr<Authority>> OpenAuthority(const Config& config, Moment now) {
  const X509Config& x509 = config.x509;
  if (x509.ca_files)
    return OpenFromFiles({.trust_domain = config.trust_domain,
                          .state_dir = config.state_dir,
                          .files = {.cert = x509.ca_files->cert,
                                    .key = x509.ca_files->key,
                                    .chain = x509.ca_files->chain},
                          .clock_skew = x509.clock_skew,
                          .max_svid_ttl = x509.ttl},
                         now);
  return OpenEmbedded(
      {.trust_domain = config.trust_domain,
       .state_dir = config.state_dir,
       .times = {.ca_ttl = x509.ca_ttl, .max_svid_ttl = x509.ttl, .clock_skew = x509.clock_skew}},
      now);
}

std::uint32_t OrNone(std::uint32_t limit) {
  return limit == 0 ? std::numeric_limits<std::uint32_t>::max() : limit;
}

UidLimits UidLimitsOf(const LimitsConfig& config, std::uint64_t open_files) {
  const std::uint32_t connections =
      config.connections != 0 ? config.connections : ConnectionsFor(open_files);
  // However large a uid's own limit is, a fifth of the connections is for others.
  const std::uint32_t most_of_them = std::max(1U, connections - connections / 5);
  const double rate = OrNone(config.calls_per_second_per_uid);
  return {.connections = connections,
          .connections_per_uid = std::min(OrNone(config.connections_per_uid), most_of_them),
          .calls_per_uid = OrNone(config.streams_per_uid),
          .calls_per_second = rate,
          .calls_burst = std::max(rate, static_cast<double>(OrNone(config.calls_burst_per_uid)))};
}

SocketOptions SocketOptionsOf(const SocketConfig& config) {
  return {.path = config.path, .mode = config.mode, .owner = config.owner, .group = config.group};
}

ApiOptions ApiOptionsOf(const Config& config, std::uint64_t open_files) {
  return {.workload_socket = SocketOptionsOf(config.workload_api.socket),
          .admin_socket = SocketOptionsOf(config.admin.socket),
          .admin_uids = config.admin.allowed_uids,
          .limits = UidLimitsOf(config.limits, open_files),
          .times = {.silent = config.limits.silent_timeout, .idle = config.limits.idle_timeout},
          .streams = {},
          .stalled_write = config.limits.stalled_write_timeout};
}

}  // namespace

Result<std::unique_ptr<Daemon>> Daemon::Start(const Config& config,
                                              std::shared_ptr<spdlog::logger> logger) {
  std::unique_ptr<Daemon> daemon(new Daemon(config, std::move(logger)));
  if (auto started = daemon->StartParts(); !started) return started.error();
  return daemon;
}

Daemon::Daemon(const Config& config, std::shared_ptr<spdlog::logger> logger)
    : config_(config),
      logger_(std::move(logger)),
      open_files_(RaiseOpenFileLimit()),
      opener_(MakeLinuxProcessOpener()),
      attestors_(BuiltinAttestors(AttestorOptionsOf(config))),
      entries_(config.entries_dir, EntryRulesOf(config, SelectorKindsOf(attestors_)), clock_),
      audit_(logger_) {}

Result<void> Daemon::StartParts() {
  auto authority = OpenAuthority(config_, clock_.Now());
  if (!authority) return authority.error();
  authority_ = *std::move(authority);

  auto scheduler = TurnScheduler::Start(clock_, kTurnThreads);
  if (!scheduler) return scheduler.error();
  scheduler_ = *std::move(scheduler);

  // The watch begins before the first load, so that no change falls between.
  auto watch = EntriesWatch::Start(config_.entries_dir, [this] { LoadEntries(); });
  if (!watch) return watch.error();
  entries_watch_ = *std::move(watch);
  LoadEntries();

  auto api = ApiServer::Start({.walk = Walk(),
                               .rules = {},
                               .scheduler = *scheduler_,
                               .opener = *opener_,
                               .clock = clock_,
                               .status = *this,
                               .logger = logger_},
                              ApiOptionsOf(config_, open_files_));
  if (!api) return api.error();
  api_ = *std::move(api);
  logger_->info("suretyd {} serves {} at {} (admin at {})", kVersion, config_.trust_domain.IdText(),
                config_.workload_api.socket.path, config_.admin.socket.path);
  return {};
}

Daemon::~Daemon() { Stop(); }

WalkParts Daemon::Walk() {
  return {.attestors = attestors_,
          .entries = entries_,
          .ledger = ledger_,
          .history = history_,
          .policy = policy_,
          .issuer = *authority_,
          .bundles = *authority_,
          .audit = audit_,
          .sanctions = sanctions_,
          .watcher = watcher_,
          .clock = clock_};
}

void Daemon::Run(Signals& signals) {
  while (true) {
    const auto signal = signals.Wait(kTick);
    if (signal == SIGTERM || signal == SIGINT) break;
    if (signal == SIGHUP) Reload();
    KeepHouse();
  }
  logger_->info("stopping: every stream ends with UNAVAILABLE");
  Stop();
}

void Daemon::Stop() {
  entries_watch_.reset();
  if (api_) api_->Stop(kStopGrace);
  if (scheduler_) scheduler_->Stop();
  api_.reset();
}

void Daemon::Reload() {
  logger_->info("SIGHUP: reading entries and authority files again");
  LoadEntries();
  Heed(authority_->Reload(clock_.Now()));
}

void Daemon::LoadEntries() {
  const EntryLoad load = entries_.Load();
  for (const Diagnostic& item : load.diagnostics.items())
    logger_->log(item.severity == Severity::kError ? spdlog::level::err : spdlog::level::warn,
                 "{}:{}:{}: {} ({})", item.file, item.at.line, item.at.column, item.what, item.fix);
  if (!load.ok()) {
    if (load.count != 0)
      logger_->error("entries not loaded, errors: {}; the last good set of {} stays in force",
                     load.diagnostics.errors(), load.count);
    else
      logger_->error("entries not loaded, errors: {}; no process has an identity until mended",
                     load.diagnostics.errors());
  } else if (load.changed) {
    logger_->info("{} entries in force", load.count);
    scheduler_->WakeAll();
  }
}

void Daemon::KeepHouse() {
  const Moment now = clock_.Now();
  const auto moved = wall_clock_.Look(now);
  const bool clock_set = moved != BootClock::duration::zero();
  if (clock_set)
    logger_->warn("the wall clock was set by {} s: SVIDs carry the new time from now on",
                  std::chrono::duration_cast<Seconds>(moved).count());
  if (clock_set || now.boot >= advance_at_) Heed(authority_->Advance(now));
  api_->CutStalled();
  if (++ticks_ % kSweepEvery == 0) ledger_.Sweep();
}

void Daemon::Heed(const AuthorityProgress& progress) {
  for (const std::string& event : progress.events) logger_->info("authority: {}", event);
  const std::string failure = progress.failure ? progress.failure->Text() : std::string();
  if (failure != authority_failure_ && !failure.empty()) logger_->error("authority: {}", failure);
  authority_failure_ = failure;
  advance_at_ = progress.call_again_at;
  if (progress.bundles_changed) scheduler_->WakeAll();
}

DaemonStatus Daemon::Status() const {
  DaemonStatus status;
  status.version = kVersion;
  status.trust_domain = config_.trust_domain.name();
  status.pid = ::getpid();
  status.started_at = started_.wall;
  status.bundle_revision = authority_->Bundles()->revision;
  status.authorities = authority_->Status();
  status.degraded = authority_->Degraded(clock_.Now().wall);

  const EntryStoreStatus entries = entries_.Status();
  status.entries = {.count = static_cast<std::uint32_t>(entries.count),
                    .loaded_at = entries.loaded_at,
                    .folder = entries.folder,
                    .last_error = entries.last_error};
  if (!entries.last_error.empty())
    status.degraded.push_back("the newest entry files were not taken: " + entries.last_error);
  status.load.ready_turns = static_cast<std::uint32_t>(scheduler_->ready());
  return status;
}

}  // namespace surety
