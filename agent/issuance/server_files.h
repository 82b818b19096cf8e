#pragma once

#include <string>

#include "surety/clock.h"
#include "surety/result.h"
#include "surety/tls_identity.h"

namespace surety {

/// Where an operator keeps the certificate of a server, as PEM.
struct ServerPaths {
  std::string certificate;  ///< The server's own first, those above it behind.
  std::string key;          ///< Unencrypted: PKCS#8, SEC 1 or PKCS#1.
  bool key_is_credential = false;
};

struct ServerFiles {
  TlsIdentity identity;
  WallTime not_after;  ///< Of the server's own certificate.
};

/// Reads both. Refused, with file and reason: what ReadCertificateFile() and ReadKeyFile()
/// refuse, and a key that belongs to another certificate. An expired one is read.
Result<ServerFiles> ReadServerFiles(const ServerPaths& paths);

}  // namespace surety
