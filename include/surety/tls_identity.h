#pragma once

#include <string>
#include <vector>

#include "surety/secret_bytes.h"

namespace surety {

/// What a server shows of itself in TLS, and the key to prove it.
struct TlsIdentity {
  std::vector<std::string> chain_der;  ///< The server's own certificate first.
  SecretBytes key_der;                 ///< PKCS#8, or the form of its algorithm; unencrypted.
};

}  // namespace surety
