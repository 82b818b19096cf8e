#include "agent/config_metrics.h"

#include <array>
#include <charconv>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "agent/config_paths.h"

namespace surety {
namespace {

constexpr std::string_view kUnix = "unix://";
constexpr std::string_view kExample = "\"unix:///run/surety/metrics.sock\"";
constexpr std::string_view kPathExample = "\"/run/surety/metrics.sock\"";

std::optional<std::uint16_t> PortOf(std::string_view text) {
  std::uint16_t port = 0;
  const auto [stop, failed] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (failed != std::errc{} || stop != text.data() + text.size() || port == 0) return std::nullopt;
  return port;
}

/// nullopt for whatever is no port of the loopback.
std::optional<MetricsConfig::Port> LoopbackPort(std::string_view address) {
  for (const auto& [host, ipv6] :
       {std::pair<std::string_view, bool>{"127.0.0.1:", false}, {"[::1]:", true}}) {
    if (!address.starts_with(host)) continue;
    if (const auto port = PortOf(address.substr(host.size())))
      return MetricsConfig::Port{ipv6, *port};
  }
  return std::nullopt;
}

void ReadSocketOptions(TomlTable& table, ConfigReader& read, FileDiagnostics& diagnostics,
                       MetricsConfig& out) {
  read.Mode(table, out.socket.mode);
  read.Owner(table, out.socket.owner);
  read.Group(table, out.socket.group);
  if (!out.port) return;
  for (const std::string_view key : {"mode", "owner", "group"}) {
    if (!table.Has(key)) continue;
    diagnostics.Error(table.At(key),
                      std::string(key) +
                          " says nothing of a port, which every user of this host "
                          "can connect to",
                      "remove it, or set listen = " + std::string(kExample));
  }
}

void CompareSockets(const TomlTable& table, const Config& config, FileDiagnostics& diagnostics) {
  const std::string& socket = config.metrics.socket.path;
  const std::array<std::pair<std::string_view, const std::string*>, 3> others{
      {{"[workload_api]", &config.workload_api.socket.path},
       {"[admin]", &config.admin.socket.path},
       {"[hook]", &config.hook.socket}}};
  for (const auto& [name, path] : others) {
    if (socket.empty() || path->empty() || !SamePath(*path, socket)) continue;
    diagnostics.Error(
        table.At("listen"),
        "[metrics] and " + std::string(name) + " have the same socket, " + Quoted(*path),
        "give each a path of its own, such as " + std::string(kExample));
  }
}

}  // namespace

void ReadMetrics(TomlTable& top, ConfigReader& read, FileDiagnostics& diagnostics, Config& out) {
  const auto* section = top.Table("metrics", "[metrics]");
  if (section == nullptr) return;
  TomlTable table(*section, "[metrics]", diagnostics);
  auto listen = table.String("listen", kExample);
  if (!table.Has("listen"))
    diagnostics.Error(table.at(), "[metrics] does not say where to listen",
                      "add listen = " + std::string(kExample) + ", or remove the section");
  if (listen && listen->value.starts_with(kUnix)) {
    listen->value.erase(0, kUnix.size());
    read.SocketPath("listen", listen, kPathExample, out.metrics.socket.path);
  } else if (listen) {
    out.metrics.port = LoopbackPort(listen->value);
    if (!out.metrics.port)
      diagnostics.Error(
          listen->at,
          "listen is " + Quoted(listen->value) +
              ": metrics are served on a Unix socket or to this host alone",
          "write listen = " + std::string(kExample) + ", \"127.0.0.1:9464\" or \"[::1]:9464\"");
  }
  ReadSocketOptions(table, read, diagnostics, out.metrics);
  CompareSockets(table, out, diagnostics);
  table.RefuseUnknownKeys();
}

}  // namespace surety
