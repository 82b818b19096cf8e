#include "agent/daemon_plugins.h"

#include <utility>

#include "attestors/boot_now.h"
#include "attestors/plugin_attestor.h"
#include "workload_api/client/grpc_attestor_plugin.h"

namespace surety {
namespace {

// A call of each waits for the plug-in.
constexpr std::size_t kThreads = 8;

}  // namespace

DaemonPlugins::DaemonPlugins(const std::vector<PluginConfig>& plugins) {
  WorkerPool::Limits limits;
  limits.threads = kThreads;
  for (const PluginConfig& config : plugins)
    plugins_.push_back(
        {std::make_shared<SupervisedPlugin>(
             PluginSettings{
                 .name = config.name, .required = config.required, .timeout = config.timeout},
             std::make_unique<GrpcAttestorPlugin>(config.socket), BootNow),
         std::make_shared<WorkerPool>(limits)});
}

std::vector<std::unique_ptr<Attestor>> DaemonPlugins::Attestors(const std::string& boot_id) const {
  std::vector<std::unique_ptr<Attestor>> all;
  for (const Plugin& one : plugins_)
    all.push_back(std::make_unique<PluginAttestor>(one.plugin, one.pool, boot_id, BootNow));
  return all;
}

std::vector<DaemonPlugins::Told> DaemonPlugins::Tend() {
  std::vector<Told> all;
  for (const Plugin& one : plugins_) {
    const PluginSettings& settings = one.plugin->settings();
    if (auto news = one.plugin->Tend(*one.pool))
      all.push_back({settings.name, settings.required, *std::move(news)});
  }
  return all;
}

std::vector<std::string> DaemonPlugins::Degraded() const {
  std::vector<std::string> all;
  for (const Plugin& one : plugins_) {
    const auto failure = one.plugin->failure();
    if (!failure) continue;
    const PluginSettings& settings = one.plugin->settings();
    all.push_back(
        "the plug-in " + settings.name + " does not answer, so that " +
        (settings.required ? "nothing new is issued: " : "entries with its selectors wait: ") +
        failure->Text());
  }
  return all;
}

std::vector<PluginHealth> DaemonPlugins::Health() const {
  std::vector<PluginHealth> all;
  for (const Plugin& one : plugins_)
    all.push_back({.name = one.plugin->settings().name, .answers = !one.plugin->failure()});
  return all;
}

}  // namespace surety
