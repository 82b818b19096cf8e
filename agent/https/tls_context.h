#pragma once

#include <openssl/ssl.h>

#include <memory>

#include "surety/result.h"
#include "surety/tls_identity.h"

namespace surety {

struct FreeTlsContext {
  void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
};
using TlsContextPtr = std::unique_ptr<SSL_CTX, FreeTlsContext>;

/// TLS for a server, as Mozilla's "intermediate" list wants it (SPIFFE_Federation.md section
/// 5.2): 1.2 and 1.3, forward secrecy, AEAD ciphers alone. Asks no client for a certificate
/// and remembers no session. kInvalidArgument if the key is not that of the first
/// certificate, or one of them cannot be read.
Result<TlsContextPtr> MakeServerContext(const TlsIdentity& identity);

}  // namespace surety
