#include "agent/config_systemd.h"

namespace surety {

void ReadSystemdAttestor(TomlTable& attestors, ConfigReader& read, FileDiagnostics& diagnostics,
                         SystemdAttestorConfig& out) {
  constexpr std::string_view kExample = "\"/run/dbus/system_bus_socket\"";
  const auto* section = attestors.Table("systemd", "[attestors.systemd]");
  if (section == nullptr) return;
  TomlTable table(*section, "[attestors.systemd]", diagnostics);
  bool enabled = false;
  read.Boolean(table, "enabled", enabled);
  if (table.Has("enabled")) out.enabled = enabled;
  read.SocketPath("bus", table.String("bus", kExample), kExample, out.bus);
  read.FineSpan(table, "timeout", "\"2s\"", std::chrono::milliseconds(100),
                std::chrono::milliseconds(30'000), out.timeout);
  table.RefuseUnknownKeys();
}

}  // namespace surety
