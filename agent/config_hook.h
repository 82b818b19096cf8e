#pragma once

#include "agent/config.h"
#include "agent/config_reader.h"
#include "agent/identity/toml_reader.h"

namespace surety {

/// Reads the sections of the hook: [policy], [hook], [audit] and [watch]. Borrows all it
/// is given.
class HookSections {
 public:
  HookSections(TomlTable& top, ConfigReader& read, FileDiagnostics& diagnostics)
      : top_(top), read_(read), diagnostics_(diagnostics) {}

  /// After the folders of the top level, which are compared with those read here.
  void Read(Config& config);

 private:
  void ReadPolicy(PolicyConfig& out);
  void ReadHook(Config& config);
  void ReadOnFailure(TomlTable& table, bool& out);
  void CompareSocket(const TomlTable& table, const Config& config);
  void ReadAudit(AuditConfig& out);
  void ReadKeepSegments(TomlTable& table, std::uint32_t& out);
  void ReadWatch(WatchConfig& out);
  void CompareFolders(const Config& config);

  TomlTable& top_;
  ConfigReader& read_;
  FileDiagnostics& diagnostics_;
  Position policy_at_;  // Of each dir, if it is set.
  Position audit_at_;
};

}  // namespace surety
