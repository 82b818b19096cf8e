#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "agent/issuance/embedded_authority.h"
#include "agent/issuance/openssl_handles.h"
#include "surety/entry.h"
#include "surety/issuer.h"

namespace surety {

/// A folder of mode 0700 that is gone at the end of the test.
class TempFolder {
 public:
  TempFolder();
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;
  ~TempFolder();
  [[nodiscard]] std::string path() const { return path_; }
  [[nodiscard]] std::string Path(std::string_view name) const {
    return path_ + "/" + std::string(name);
  }
  /// A file of mode 0600 in it; returns its path.
  std::string Write(std::string_view name, std::string_view text) const;

 private:
  std::string path_;
};

std::string ReadText(const std::string& path);
void WriteText(const std::string& path, std::string_view text);
/// The names in a folder that end so, sorted.
std::vector<std::string> NamesIn(const std::string& folder, std::string_view suffix);

/// 2026-01-01 00:00:00 UTC on the wall, an hour after boot.
Moment Start();
/// That long after Start(), on both clocks.
Moment After(BootClock::duration time);
WallTime WallAt(std::string_view rfc3339);

TrustDomain ExampleOrg();
Entry EntryFor(std::string_view spiffe_id, Seconds ttl = Seconds(900),
               std::vector<std::string> dns_names = {});
EmbeddedOptions OptionsFor(const TempFolder& folder);

CertificatePtr ParseDer(std::string_view der);
PKeyPtr ParsePkcs8(const SecretBytes& der);

/// Empty if a peer would take the chain (leaf first) at that time: X509_verify_cert
/// with X509_V_FLAG_X509_STRICT, as server and as client. Else the reason.
std::string WhyRefused(const std::vector<std::string>& chain, const std::vector<std::string>& roots,
                       WallTime at);

/// A CA or other certificate made by OpenSSL's ordinary API, as an operator has one.
struct CaSpec {
  std::string key = "P-256";  ///< "P-256", "P-384", "P-521", "RSA-2048", "RSA-1024", "Ed25519".
  std::string basic_constraints = "critical,CA:TRUE";      ///< Empty: without.
  std::string key_usage = "critical,keyCertSign,cRLSign";  ///< Empty: without.
  std::string alt_name = {};
  std::string name_constraints = {};
  bool subject_key_id = true;
  WallTime not_before = Start().wall - std::chrono::hours(1);
  WallTime not_after = Start().wall + std::chrono::hours(24 * 365);
  std::string common_name = "Operator CA";
};
struct MadeCa {
  CertificatePtr certificate;
  PKeyPtr key;
  [[nodiscard]] std::string CertificatePem() const;
  [[nodiscard]] std::string KeyPem() const;
  [[nodiscard]] std::string Der() const { return DerOf(*certificate); }
};
/// Signed by `issuer`, or by itself if there is none.
MadeCa MakeCa(const CaSpec& spec, const MadeCa* issuer = nullptr);

}  // namespace surety
