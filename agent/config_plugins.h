#pragma once

#include <vector>

#include "agent/config.h"
#include "agent/config_reader.h"
#include "agent/identity/toml_reader.h"

namespace surety {

/// Reads [[attestors.plugin]]. Borrows all it is given.
class PluginTables {
 public:
  PluginTables(ConfigReader& read, FileDiagnostics& diagnostics)
      : read_(read), diagnostics_(diagnostics) {}

  /// After the sockets of `config`, which are compared with those read here.
  void Read(TomlTable& attestors, Config& config);

 private:
  void ReadName(TomlTable& table, const std::vector<PluginConfig>& others, std::string& out);
  void CompareSocket(const TomlTable& table, const std::string& socket, const Config& config);

  ConfigReader& read_;
  FileDiagnostics& diagnostics_;
};

}  // namespace surety
