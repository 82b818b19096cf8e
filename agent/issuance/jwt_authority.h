#pragma once

#include <memory>
#include <string>
#include <vector>

#include "agent/issuance/authority.h"
#include "agent/issuance/disk_writes.h"
#include "agent/issuance/jwt_key.h"
#include "agent/issuance/life_cycle.h"
#include "surety/spiffe_id.h"
#include "surety/token.h"

namespace surety {

struct JwtAuthorityOptions {
  TrustDomain trust_domain;
  std::string state_dir;  ///< The keys live in the profile's subfolder.
  LifeCycleTimes times;   ///< Of the keys: ca_ttl is a key's, max_svid_ttl a token's.
  TokenProfile profile = kJwtProfile;
  std::string issuer = {};  ///< Of every token, for relying parties that speak OIDC; empty: none.
};

/// The keys that sign the tokens of one trust domain, apart from those that sign
/// certificates. They live as embedded authorities do (life_cycle.h): each is in the bundle
/// before it signs, and as long as what it signed may live. Thread-safe; nothing but
/// Advance() waits for the disk.
class JwtAuthority : public TokenIssuer, public TokenValidator {
 public:
  struct SigningKey {
    std::shared_ptr<const JwtKey> key;
    WallTime expires_at;  ///< No token outlives it.
  };
  /// kUnavailable while there is none.
  [[nodiscard]] virtual Result<SigningKey> Signer() const = 0;
  /// Does what is due, as Authority::Advance().
  virtual AuthorityProgress Advance(Moment now) = 0;
  /// Every key, the oldest first; its "kid" stands for serial and key id.
  [[nodiscard]] virtual std::vector<AuthorityStatus> Status() const = 0;
  /// What an operator should know and may have to mend, in plain sentences.
  [[nodiscard]] virtual std::vector<std::string> Degraded(WallTime now) const = 0;
};

/// Opens the keys in `state_dir`, making one at the first start, and does what is due, so
/// that there is one to sign with on return. The errors are those of OpenEmbedded().
Result<std::unique_ptr<JwtAuthority>> OpenJwtAuthority(JwtAuthorityOptions options, Moment now);

/// The same, writing through `disk`, which outlives the authority: for tests.
Result<std::unique_ptr<JwtAuthority>> OpenJwtAuthority(JwtAuthorityOptions options, Moment now,
                                                       DiskWrites& disk);

}  // namespace surety
