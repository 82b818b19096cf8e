#pragma once

#include <memory>
#include <string>
#include <vector>

#include "agent/config.h"
#include "agent/metrics/snapshot.h"
#include "attestors/supervised_plugin.h"
#include "attestors/worker_pool.h"
#include "surety/attestor.h"

namespace surety {

/// The plug-ins of a configuration. Each has threads of its own, so that one that hangs
/// keeps no other waiting. Not thread-safe but for what Attestors() gives.
class DaemonPlugins {
 public:
  explicit DaemonPlugins(const std::vector<PluginConfig>& plugins);

  /// One attestor for each. They may outlive this.
  [[nodiscard]] std::vector<std::unique_ptr<Attestor>> Attestors(const std::string& boot_id) const;

  struct Told {
    std::string name;
    bool required = true;
    SupervisedPlugin::News news;
  };
  /// To be called every second or so; see SupervisedPlugin::Tend.
  std::vector<Told> Tend();

  /// A sentence for each plug-in that does not answer.
  [[nodiscard]] std::vector<std::string> Degraded() const;

  /// Each with whether it answers.
  [[nodiscard]] std::vector<PluginHealth> Health() const;

 private:
  struct Plugin {
    std::shared_ptr<SupervisedPlugin> plugin;
    std::shared_ptr<WorkerPool> pool;
  };
  std::vector<Plugin> plugins_;
};

}  // namespace surety
