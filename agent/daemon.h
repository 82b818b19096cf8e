#pragma once

#include <atomic>
#include <memory>

#include "agent/config.h"
#include "agent/identity/entries_watch.h"
#include "agent/identity/entry_store.h"
#include "agent/issuance/authority.h"
#include "agent/policy/entry_policy.h"
#include "agent/record/audit_to_log.h"
#include "agent/record/scope_memory.h"
#include "agent/signals.h"
#include "agent/watch/system_clock.h"
#include "agent/watch/turn_scheduler.h"
#include "agent/watch/wall_clock_watch.h"
#include "agent/without_memory.h"
#include "surety/daemon_status.h"
#include "workload_api/api_server.h"

namespace surety {

/// The parts of a running daemon, put together. Nothing decides here.
class Daemon final : private StatusSource {
 public:
  /// Makes all parts and serves. An Error names what could not be had, and
  /// leaves nothing running.
  static Result<std::unique_ptr<Daemon>> Start(const Config& config,
                                               std::shared_ptr<spdlog::logger> logger);
  ~Daemon() override;

  /// Keeps house until SIGTERM or SIGINT: rotates authorities, sweeps, reloads
  /// on SIGHUP. Then ends every stream with UNAVAILABLE.
  void Run(Signals& signals);

 private:
  Daemon(const Config& config, std::shared_ptr<spdlog::logger> logger);
  Result<void> StartParts();

  void Reload();
  void LoadEntries();
  void KeepHouse();
  void Heed(const AuthorityProgress& progress);
  void Stop();
  [[nodiscard]] DaemonStatus Status() const override;
  [[nodiscard]] WalkParts Walk();

  const Config config_;
  const std::shared_ptr<spdlog::logger> logger_;
  const std::uint64_t open_files_;
  SystemClock clock_;
  WallClockWatch wall_clock_{clock_.Now()};
  const Moment started_ = clock_.Now();
  // Made in this order, gone in the reverse: whoever uses a part is below it.
  const std::unique_ptr<ProcessOpener> opener_;
  const std::vector<std::unique_ptr<Attestor>> attestors_;
  FolderEntryStore entries_;
  ScopeMemory ledger_;
  WithoutHistory history_;
  const EntryPolicy policy_;
  AuditToLog audit_;
  WithoutSanctions sanctions_;
  WithoutWatcher watcher_;
  std::unique_ptr<Authority> authority_;
  std::unique_ptr<TurnScheduler> scheduler_;
  std::unique_ptr<EntriesWatch> entries_watch_;
  std::unique_ptr<ApiServer> api_;
  std::string authority_failure_;  // Of the last advance; logged when it changes.
  BootTime advance_at_{};
  int ticks_ = 0;
};

}  // namespace surety
