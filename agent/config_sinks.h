#pragma once

#include <vector>

#include "agent/config.h"
#include "agent/config_reader.h"
#include "agent/identity/toml_reader.h"
#include "agent/sinks/sink_settings.h"

namespace surety {

/// Reads [[sink]]. Borrows all it is given.
class SinkTables {
 public:
  SinkTables(ConfigReader& read, FileDiagnostics& diagnostics)
      : read_(read), diagnostics_(diagnostics) {}

  /// After all that `config` needs besides: folders and engines are compared with it.
  void Read(TomlTable& top, Config& config);

 private:
  void ReadName(TomlTable& table, const std::vector<SinkSettings>& others, SinkSettings& out);
  void ReadSubject(TomlTable& table, const Config& config, SinkSubject& out);
  void ReadUnit(TomlTable& table, std::string_view key, std::string& out);
  void ReadContainer(TomlTable& table, const Config& config, std::string& out);
  void ReadUid(TomlTable& table, SinkSubject& out);
  void ReadFolder(TomlTable& table, const Config& config, SinkFolderSettings& out);
  void ReadLayout(TomlTable& table, SinkSettings& out);
  void ReadOnRefusal(TomlTable& table, bool& keep);
  void ReadReload(TomlTable& table, SinkReload& out);
  void ReadSignal(TomlTable& table, int& out);
  void ReadCommand(TomlTable& table, std::vector<std::string>& out);

  ConfigReader& read_;
  FileDiagnostics& diagnostics_;
};

}  // namespace surety
