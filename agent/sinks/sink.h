#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>

#include "agent/sinks/sink_folder.h"
#include "agent/sinks/sink_reloader.h"
#include "agent/sinks/sink_settings.h"
#include "agent/sinks/sink_turn.h"
#include "surety/daemon_status.h"
#include "surety/scheduler.h"
#include "surety/session.h"

namespace spdlog {
class logger;
}

namespace surety {

/// Finds the process that a sink is for, and pins it; nullopt: there is none now. An Error:
/// could not tell. May take a while.
using SubjectSearch = std::function<Result<std::optional<Peer>>(const std::stop_token& stop)>;

/// What a sink works with. What is borrowed outlives it.
struct SinkParts {
  WalkParts walk;
  WalkRules rules;
  Scheduler& scheduler;
  SubjectSearch search;
  UnitReload unit_reload;
  std::shared_ptr<spdlog::logger> logger;
};

/// How soon a sink looks and tries again.
struct SinkTimes {
  std::chrono::milliseconds no_process{500};       ///< Looks for one.
  std::chrono::milliseconds same_process{15'000};  ///< Looks whether it still is that one.
  std::chrono::milliseconds first_retry{2'000};    ///< Of files and of reloads; doubles.
  std::chrono::milliseconds last_retry{60'000};
};

/// Keeps the files of one process: finds it, has it attested and decided about by turns,
/// writes what they give, and has the process take it in. On a thread of its own, which
/// waits for disks and commands as turns must not. Its files outlive it.
class Sink {
 public:
  Sink(SinkSettings settings, SinkParts parts, const SinkTimes& times = {});
  Sink(const Sink&) = delete;
  Sink& operator=(const Sink&) = delete;
  ~Sink();

  /// No more turns and no more files. What is being written is finished.
  void Stop();
  /// Thread-safe.
  [[nodiscard]] SinkStatus Status() const;

 private:
  /// Something to do, and again if it fails, ever later.
  struct Task {
    std::optional<BootTime> due;
    std::chrono::milliseconds pause{0};
  };

  void Run(const std::stop_token& stop);
  void LookForProcess(const std::stop_token& stop);
  void Follow(Peer peer);
  void Unfollow();
  void Heed(SinkNews news);
  void Refused(const std::string& reason);
  void Write();
  void Remove();
  void Reload(const std::stop_token& stop);
  void Done(Task& task);
  void Failed(Task& task, const std::string& doing, const Error& error);
  void Plan(Task& task);
  [[nodiscard]] bool IsDue(const Task& task) const;
  void SetState(std::string state);
  [[nodiscard]] BootTime Now() const { return parts_.walk.clock.Now().boot; }

  const SinkSettings settings_;
  const SinkParts parts_;
  const SinkTimes times_;
  const SinkReloader reloader_;

  // Of the sink's thread.
  std::shared_ptr<SinkInbox> inbox_;
  std::shared_ptr<SinkTurn> turn_;
  std::optional<Peer> peer_;
  BootTime look_at_{};
  std::string search_failure_;
  std::shared_ptr<const SvidUpdate> update_;  // To be written, or written.
  std::shared_ptr<const SvidUpdate> written_;
  Task write_;
  Task remove_;
  Task reload_;

  mutable std::mutex mutex_;
  SinkStatus status_;  // By mutex_.

  std::jthread thread_;
};

}  // namespace surety
