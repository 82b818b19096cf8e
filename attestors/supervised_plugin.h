#pragma once

#include <chrono>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "attestors/worker_pool.h"
#include "surety/attestor.h"
#include "surety/attestor_plugin.h"
#include "surety/clock.h"

namespace surety {

struct PluginSettings {
  std::string name;  ///< The selector type; the operator's choice.
  bool required = true;
  std::chrono::milliseconds timeout{500};  ///< Of each call, 1 s at most.
};

/// One plug-in and whether it answers. While it does not, nobody but a probe asks it: after
/// 100 ms, then after a pause that doubles up to 2 s. Thread-safe.
class SupervisedPlugin : public std::enable_shared_from_this<SupervisedPlugin> {
 public:
  using Now = BootTime (*)();
  /// That it failed, or that it answers again.
  struct News {
    std::optional<Error> failure;
    std::string description;  ///< Of one that answers: its own name and version.
  };

  SupervisedPlugin(PluginSettings settings, std::unique_ptr<AttestorPlugin> plugin, Now now);

  [[nodiscard]] const PluginSettings& settings() const { return settings_; }

  /// Asks, and judges the answer. Waits four timeouts at most: where it was started anew
  /// meanwhile, it is described and asked again. An Error is kUnavailable only if the
  /// plug-in itself has failed, not this question alone; see failure().
  Result<Attestation> Ask(const PluginQuestion& question);

  /// Why it does not answer; nullopt if it does, or nobody asked it yet.
  [[nodiscard]] std::optional<Error> failure() const;

  /// To be called every second or so. Looks after it in the background: whether it still
  /// answers, every five seconds, and whether it answers again. Tells what has changed
  /// since the last call. Never waits.
  std::optional<News> Tend(WorkerPool& pool);

 private:
  using Kinds = std::vector<std::string>;
  Result<Kinds> Describe();
  Result<Kinds> Described();
  Error Fail(const Error& why);

  const PluginSettings settings_;
  const std::unique_ptr<AttestorPlugin> plugin_;
  const Now now_;
  mutable std::mutex mutex_;
  // All below guarded by mutex_, which is never held while the plug-in is asked.
  std::optional<Kinds> kinds_;
  std::optional<Error> failure_;
  std::chrono::milliseconds pause_{0};
  BootTime look_at_{};    // When to describe it again.
  bool looking_ = false;  // Somebody does.
  bool told_failure_ = false;
  bool told_anything_ = false;
  std::string description_;
};

}  // namespace surety
