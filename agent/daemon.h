#pragma once

#include <atomic>
#include <memory>
#include <mutex>

#include "agent/config.h"
#include "agent/daemon_bundle_map.h"
#include "agent/daemon_endpoint.h"
#include "agent/daemon_following.h"
#include "agent/daemon_metrics.h"
#include "agent/daemon_plugins.h"
#include "agent/daemon_sinks.h"
#include "agent/federation/federated_bundles.h"
#include "agent/federation/federated_tokens.h"
#include "agent/federation/foreign_bundles.h"
#include "agent/federation/operator_bundles.h"
#include "agent/identity/entries_watch.h"
#include "agent/identity/entry_store.h"
#include "agent/issuance/authority.h"
#include "agent/issuance/crl_keeper.h"
#include "agent/issuance/crl_publisher.h"
#include "agent/issuance/jwt_authority.h"
#include "agent/issuance/wit_authority.h"
#include "agent/passed_sockets.h"
#include "agent/policy/churn_limiter.h"
#include "agent/policy/external_hook_policy.h"
#include "agent/policy/policy_engine.h"
#include "agent/record/audit_tender.h"
#include "agent/record/audit_to_log.h"
#include "agent/record/operator_orders.h"
#include "agent/record/repeated_answers.h"
#include "agent/record/state.h"
#include "agent/service_manager.h"
#include "agent/signals.h"
#include "agent/watch/clock_change_watch.h"
#include "agent/watch/process_watcher.h"
#include "agent/watch/system_clock.h"
#include "agent/watch/turn_scheduler.h"
#include "agent/watch/wall_clock_watch.h"
#include "attestors/tracer_memory.h"
#include "surety/daemon_status.h"
#include "workload_api/api_server.h"

namespace surety {

/// The parts of a running daemon, put together. Nothing decides here.
class Daemon final : private StatusSource {
 public:
  /// Makes all parts and serves. An Error names what could not be had, and
  /// leaves nothing running.
  /// Serves `passed` sockets in the place of its own.
  static Result<std::unique_ptr<Daemon>> Start(const Config& config, PassedSockets passed,
                                               std::shared_ptr<spdlog::logger> logger);
  ~Daemon() override;

  /// Keeps house until SIGTERM or SIGINT: rotates authorities, sweeps, reloads
  /// on SIGHUP. Then ends every stream with UNAVAILABLE. Tells `service` all of it, and
  /// that the daemon lives only while turns are taken.
  void Run(Signals& signals, ServiceManager& service);

 private:
  Daemon(const Config& config, PassedSockets passed, std::shared_ptr<spdlog::logger> logger);
  // In this order: each needs those before it.
  Result<void> OpenState();
  Result<void> OpenRecord();
  Result<void> OpenAuthority();
  Result<void> OpenTokenKeys();
  Result<void> OpenFederation();
  Result<void> FollowOthers();
  Result<void> StartWatching();
  Result<void> LoadRules();
  Result<void> Serve();
  Result<void> ListenForMetrics();
  Result<void> ServeMetrics();
  void MakeEndpoint();
  Result<void> ServeEndpoint();

  void Reload();
  void LoadEntries();
  void LoadPolicies();
  void KeepHouse();
  void ReportTo(ServiceManager& service);
  [[nodiscard]] std::string ServiceStatus() const;
  void TendPlugins();
  void LookAtClock(Moment now);
  void Heed(const AuthorityProgress& progress);
  /// When the keys of one profile of tokens are to be looked at again, and what was wrong.
  struct TokenUpkeep {
    std::string_view what;
    std::atomic<BootTime> advance_at = BootTime{};
    std::string failure{};  // Of the thread that keeps house.
  };
  void HeedTokenKeys(const AuthorityProgress& progress, TokenUpkeep& upkeep);
  void Heed(const CrlProgress& progress);
  void Note(std::string_view what, NoticeSeverity severity,
            std::vector<std::pair<std::string, std::string>> details);
  void Stop();
  [[nodiscard]] std::unique_ptr<ExternalHookPolicy> MakePolicyWithHook();
  [[nodiscard]] const Policy& PolicyInForce() const;
  [[nodiscard]] SanctionEvents EventsOfSanctions();
  [[nodiscard]] WatcherEvents EventsOfWatcher();
  [[nodiscard]] std::string WhyNotServing() const;
  void ReportHealth();
  [[nodiscard]] AuditLog& Record();
  [[nodiscard]] MetricsSnapshot Snapshot() const;
  [[nodiscard]] DaemonStatus Status() const override;
  [[nodiscard]] HookStatus Hook() const;
  [[nodiscard]] Seconds RefreshHint() const;
  [[nodiscard]] Result<std::string> BundleDocument() const;
  [[nodiscard]] Result<HttpsPage> PageAt(std::string_view path) const;
  [[nodiscard]] std::vector<std::string> Degraded() const;
  void Tell(const Diagnostics& diagnostics);
  [[nodiscard]] WalkParts Walk();

  const Config config_;
  const PassedSockets passed_;
  const std::shared_ptr<spdlog::logger> logger_;
  const std::uint64_t open_files_;
  SystemClock clock_;
  const Moment started_ = clock_.Now();
  // Made in this order, gone in the reverse: whoever uses a part is below it.
  const std::unique_ptr<ProcessOpener> opener_;
  const std::shared_ptr<TracerMemory> tracers_ = std::make_shared<TracerMemory>();
  DaemonPlugins plugins_;  // Of the thread that keeps house, but for Degraded and Health.
  const std::vector<std::unique_ptr<Attestor>> attestors_;
  const std::unique_ptr<LineageReader> lineages_;
  ChurnLimiter gate_;
  FolderEntryStore entries_;
  PolicyEngine policy_;
  const std::unique_ptr<ExternalHook> external_hook_;  // Null: there is none.
  const std::unique_ptr<ExternalHookPolicy> policy_with_hook_;
  std::unique_ptr<AuditFile> audit_file_;
  std::unique_ptr<AuditToLog> audit_to_log_;
  std::unique_ptr<RepeatedAnswers> audit_;
  std::unique_ptr<DaemonMetrics> metrics_;  // Null: they are not asked for.
  std::unique_ptr<TurnScheduler> scheduler_;
  std::unique_ptr<State> state_;
  std::unique_ptr<Authority> authority_;
  std::unique_ptr<DaemonEndpoint> endpoint_;  // Null: it is not asked for.
  std::unique_ptr<JwtAuthority> token_keys_;
  std::unique_ptr<WitAuthority> wit_keys_;           // Null: that profile is off.
  std::shared_ptr<const TokenBundles> no_wit_keys_;  // What stands in their place then.
  std::unique_ptr<ForeignBundles> foreign_bundles_;
  std::unique_ptr<DaemonBundleMap> bundle_map_;  // Null: there is none.
  std::unique_ptr<FederatedBundles> federation_;
  std::unique_ptr<FederatedTokens> federated_tokens_;
  std::unique_ptr<OperatorBundles> bundle_orders_;
  std::unique_ptr<CrlPublisher> crls_;
  std::unique_ptr<DaemonFollowing> following_;
  std::unique_ptr<OperatorOrders> orders_;
  std::unique_ptr<AuditTender> tender_;
  std::unique_ptr<CrlKeeper> crl_keeper_;
  std::unique_ptr<ProcessWatcher> watcher_;
  std::unique_ptr<EntriesWatch> entries_watch_;
  std::unique_ptr<EntriesWatch> policies_watch_;
  std::unique_ptr<ClockChangeWatch> clock_watch_;
  std::unique_ptr<DaemonSinks> sinks_;
  std::unique_ptr<ApiServer> api_;

  std::mutex clock_mutex_;
  WallClockWatch wall_clock_{started_};  // By clock_mutex_.

  std::atomic<BootTime> advance_at_ = BootTime{};
  TokenUpkeep token_keys_upkeep_{.what = "token keys"};
  TokenUpkeep wit_keys_upkeep_{.what = "WIT keys"};
  bool walk_hangs_ = false;        // Of the thread that keeps house.
  std::string not_serving_;        // Why; of the thread that keeps house.
  std::string authority_failure_;  // Likewise.
  std::string crl_failure_;        // Of the keeper's thread.
};

}  // namespace surety
