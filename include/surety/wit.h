#pragma once

#include <memory>
#include <string>

#include "surety/clock.h"
#include "surety/entry.h"
#include "surety/result.h"
#include "surety/secret_bytes.h"
#include "surety/spiffe_id.h"
#include "surety/token.h"

namespace surety {

/// A WIT-SVID (WIT-SVID.md): a token that names a key. It is believed only of who proves
/// to have that key, so that it is no secret, and the key is. It cannot be revoked.
struct WitSvid {
  SpiffeId id;
  std::string hint;
  std::string token_id;  ///< The claim "jti".
  std::string key_id;    ///< Of the key that signed it: "kid".
  WallTime issued_at;
  WallTime expires_at;
  std::string token;    ///< JWS Compact Serialization (RFC 7515 section 3.1).
  SecretBytes key_jwk;  ///< The private key as a JWK (RFC 7517).
};

/// Signs WIT-SVIDs. Thread-safe. Never asks whether: that is the Policy's task.
class WitIssuer {
 public:
  virtual ~WitIssuer() = default;
  /// A new key and a new token each call, for at most `entry.wit_ttl` and never outliving
  /// the signing key in the bundle. kUnavailable while there is no key to sign with.
  virtual Result<WitSvid> IssueWit(const Entry& entry, WallTime now) = 0;
  /// Never null: the keys for WIT-SVIDs and no others. What IssueWit() has signed can be
  /// verified with every bundle that is asked for afterwards, until it has expired.
  [[nodiscard]] virtual std::shared_ptr<const TokenBundles> Bundles() const = 0;
};

}  // namespace surety
