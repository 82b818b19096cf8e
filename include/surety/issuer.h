#pragma once

#include <string>
#include <vector>

#include "surety/clock.h"
#include "surety/entry.h"
#include "surety/result.h"
#include "surety/secret_bytes.h"

namespace surety {

struct X509Svid {
  SpiffeId id;
  std::string hint;
  std::string serial;                  ///< Lower-case hex, no prefix, as openssl prints it.
  std::string issuer_key_id;           ///< Of the authority that signed it; lower-case hex.
  std::vector<std::string> chain_der;  ///< Leaf first, root left out.
  SecretBytes key_der;                 ///< PKCS#8, unencrypted.
  WallTime not_before;
  WallTime not_after;
};

/// Signs identities. Thread-safe. Never asks whether: that is the Policy's task.
class Issuer {
 public:
  virtual ~Issuer() = default;
  /// A new key and a new certificate each call, of at most `entry.x509_ttl` and
  /// never outliving the signer. kUnavailable while there is no signer.
  virtual Result<X509Svid> Issue(const Entry& entry, WallTime now) = 0;
};

}  // namespace surety
