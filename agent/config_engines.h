#pragma once

#include <optional>
#include <string_view>

#include "agent/config.h"
#include "agent/config_reader.h"
#include "agent/identity/toml_reader.h"

namespace surety {

/// Reads [attestors.docker], [attestors.podman] and [attestors.k8s]. Borrows all it is given.
class EngineSections {
 public:
  EngineSections(TomlTable& attestors, ConfigReader& read, FileDiagnostics& diagnostics)
      : attestors_(attestors), read_(read), diagnostics_(diagnostics) {}

  void Read(Config& config);

 private:
  void ReadEngine(std::string_view name, std::string_view usual_socket,
                  std::optional<EngineConfig>& out);
  void ReadSockets(TomlTable& table, std::string_view usual_socket, EngineConfig& out);
  void ReadRootlessSockets(TomlTable& table, EngineConfig& out);
  void Add(std::string_view key, const Located<std::string>& path, uid_t uid, EngineConfig& out);

  TomlTable& attestors_;
  ConfigReader& read_;
  FileDiagnostics& diagnostics_;
};

}  // namespace surety
