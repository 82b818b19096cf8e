#pragma once

#include <optional>
#include <string>
#include <vector>

#include "agent/config.h"
#include "agent/config_reader.h"
#include "agent/identity/toml_reader.h"

namespace surety {

/// Reads one parsed configuration, section by section. Borrows all it is given.
class ConfigBuilder {
 public:
  ConfigBuilder(const toml::table& top, const ConfigOverrides& overrides,
                const AccountIds& accounts, FileDiagnostics& diagnostics)
      : top_(top, "", diagnostics),
        overrides_(overrides),
        diagnostics_(diagnostics),
        read_(accounts, diagnostics) {}

  /// Adds all that is wrong, in which case the answer is not to be used. nullopt
  /// if there is no trust domain.
  std::optional<Config> Build();

 private:
  std::optional<TrustDomain> ReadTrustDomain();
  void ReadPaths(Config& out);
  void ReadLogLevel(LogLevel& out);
  void ReadLogFormat(LogFormat& out);
  void ReadSocket(TomlTable& table, SocketConfig& out);
  void ReadWorkloadApi(WorkloadApiConfig& out);
  void ReadAdmin(AdminConfig& out);
  void ReadAllowedUids(TomlTable& table, std::vector<uid_t>& out);
  void CompareSockets(const Config& config);
  void ReadX509(Config& config);
  void ReadCaFiles(TomlTable& table, std::optional<CaFiles>& out);
  void ReadCrls(TomlTable& table, X509Config& out);
  void CompareCrlFile(const TomlTable& table, const Config& config);
  void CompareLifetimes(const TomlTable& table, const X509Config& config);
  void ReadJwt(JwtConfig& out);
  void ReadWit(WitConfig& out);
  void ReadTokenTimes(TomlTable& table, Seconds& ttl, Seconds& key_ttl);
  void ReadLimits(LimitsConfig& out);
  void ReadAttestors(Config& out);
  void ReadUnixAttestor(TomlTable& attestors, UnixAttestorConfig& out);

  TomlTable top_;
  const ConfigOverrides& overrides_;
  FileDiagnostics& diagnostics_;
  ConfigReader read_;
};

}  // namespace surety
