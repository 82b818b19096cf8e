#pragma once

#include <optional>

#include "agent/config.h"
#include "agent/config_reader.h"
#include "agent/identity/toml_reader.h"

namespace surety {

/// Reads [[federation]]: the bundle endpoints of other trust domains. Borrows all it is given.
class FederationTables {
 public:
  FederationTables(ConfigReader& read, FileDiagnostics& diagnostics)
      : read_(read), diagnostics_(diagnostics) {}

  /// After the trust domain.
  void Read(TomlTable& top, Config& config);

 private:
  std::optional<TrustDomain> ReadTrustDomain(TomlTable& table, const Config& config);
  void ReadUrl(TomlTable& table, std::string& out);
  void ReadServerId(TomlTable& table, FederationConfig& out);
  void ReadFiles(TomlTable& table, FederationConfig& out);

  ConfigReader& read_;
  FileDiagnostics& diagnostics_;
};

}  // namespace surety
