#include "agent/config_plugins.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <string_view>
#include <utility>

#include "agent/config_paths.h"
#include "surety/attestor_plugin.h"

namespace surety {
namespace {

using std::chrono::milliseconds;

constexpr std::string_view kTitle = "[[attestors.plugin]]";
constexpr std::string_view kSocketExample = "\"/run/surety/slurm.sock\"";
constexpr std::size_t kMostPlugins = 16;
constexpr std::size_t kLongestName = 32;

bool IsTypeName(std::string_view name) {
  constexpr std::string_view kAllowed = "abcdefghijklmnopqrstuvwxyz0123456789_";
  return !name.empty() && name.size() <= kLongestName &&
         name.find_first_not_of(kAllowed) == std::string_view::npos;
}

bool IsReserved(std::string_view name) {
  return std::ranges::find(kReservedSelectorTypes, name) != kReservedSelectorTypes.end();
}

}  // namespace

void PluginTables::Read(TomlTable& attestors, Config& config) {
  const auto tables = attestors.Tables("plugin", kTitle);
  if (tables.size() > kMostPlugins)
    diagnostics_.Error(attestors.At("plugin"),
                       "there are " + std::to_string(tables.size()) + " plug-ins",
                       "have one program serve several, so that there are at most " +
                           std::to_string(kMostPlugins));
  for (const auto* each : tables) {
    TomlTable table(*each, kTitle, diagnostics_);
    PluginConfig plugin;
    ReadName(table, config.plugins, plugin.name);
    if (!table.Has("socket"))
      diagnostics_.Error(table.at(), std::string(kTitle) + " has no socket, so it cannot be asked",
                         "add socket = " + std::string(kSocketExample));
    read_.SocketPath("socket", table.String("socket", kSocketExample), kSocketExample,
                     plugin.socket);
    CompareSocket(table, plugin.socket, config);
    read_.FineSpan(table, "timeout", "\"500ms\"", milliseconds(1), milliseconds(1'000),
                   plugin.timeout);
    read_.Boolean(table, "required", plugin.required);
    table.RefuseUnknownKeys();
    config.plugins.push_back(std::move(plugin));
  }
}

void PluginTables::ReadName(TomlTable& table, const std::vector<PluginConfig>& others,
                            std::string& out) {
  constexpr std::string_view kExample = "\"slurm\"";
  const auto name = table.String("name", kExample);
  if (!name) {
    if (!table.Has("name"))
      diagnostics_.Error(
          table.at(), std::string(kTitle) + " has no name",
          "add name = " + std::string(kExample) + ", which its selectors begin with: slurm:job:42");
    return;
  }
  const std::string what = "name " + Quoted(name->value);
  if (!IsTypeName(name->value))
    return diagnostics_.Error(name->at, what + " cannot begin a selector",
                              "choose 1 to 32 of a-z, 0-9 and _");
  if (IsReserved(name->value))
    return diagnostics_.Error(name->at, what + " is that of a built-in attestor",
                              "choose another: a plug-in says nothing in the name of others");
  if (std::ranges::find(others, name->value, &PluginConfig::name) != others.end())
    return diagnostics_.Error(name->at, what + " is that of another plug-in as well",
                              "give each a name of its own");
  out = name->value;
}

// Whoever serves there is the daemon itself, or decides instead of attesting.
void PluginTables::CompareSocket(const TomlTable& table, const std::string& socket,
                                 const Config& config) {
  if (socket.empty()) return;
  const std::array<std::pair<std::string_view, const std::string*>, 3> others{
      {{"[workload_api]", &config.workload_api.socket.path},
       {"[admin]", &config.admin.socket.path},
       {"[hook]", &config.hook.socket}}};
  for (const auto& [name, path] : others) {
    if (path->empty() || !SamePath(*path, socket)) continue;
    diagnostics_.Error(table.At("socket"),
                       std::string(kTitle) + " and " + std::string(name) +
                           " have the same socket, " + Quoted(socket),
                       "name the socket that the plug-in listens on");
  }
}

}  // namespace surety
