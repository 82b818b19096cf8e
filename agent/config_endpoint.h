#pragma once

#include "agent/config.h"
#include "agent/config_reader.h"
#include "agent/identity/toml_reader.h"

namespace surety {

/// Reads what is served by HTTPS: [bundle_endpoint] and [oidc]. Borrows all it is given.
class EndpointSections {
 public:
  EndpointSections(TomlTable& top, ConfigReader& read, FileDiagnostics& diagnostics)
      : top_(top), read_(read), diagnostics_(diagnostics) {}

  /// After the trust domain.
  void Read(Config& config);

 private:
  void ReadEndpoint(Config& config);
  void ReadListen(TomlTable& table, TcpAddress& out);
  void ReadFiles(TomlTable& table, BundleEndpointConfig& out);
  void ReadSpiffeId(TomlTable& table, const TrustDomain& trust_domain, BundleEndpointConfig& out);
  void ReadOidc(Config& config);

  TomlTable& top_;
  ConfigReader& read_;
  FileDiagnostics& diagnostics_;
};

/// Reads `profile`, which is required; nullopt after adding an error. `title` is that of the
/// table.
std::optional<EndpointProfile> ReadProfile(TomlTable& table, std::string_view title,
                                           FileDiagnostics& diagnostics);

}  // namespace surety
