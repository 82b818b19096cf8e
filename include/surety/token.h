#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "surety/clock.h"
#include "surety/entry.h"
#include "surety/result.h"
#include "surety/secret_bytes.h"
#include "surety/spiffe_id.h"

namespace surety {

/// What a workload asks for with FetchJWTSVID (SPIFFE_Workload_API.md section 6.2.1).
struct TokenRequest {
  std::vector<std::string> audiences;      ///< As CheckAudiences() let them pass.
  std::optional<SpiffeId> spiffe_id = {};  ///< Absent: every identity of the caller's.
  bool operator==(const TokenRequest&) const = default;
};

inline constexpr std::size_t kMaxAudiences = 32;
inline constexpr std::size_t kMaxAudienceBytes =
    2'048;  ///< Of all in one request: each token is a record.

/// kInvalidArgument unless there is at least one audience and each is fit for a
/// claim: not empty, no control character, within the limits above. Each is kept
/// once, in the order given.
Result<std::vector<std::string>> CheckAudiences(std::span<const std::string> asked);

/// A JWT-SVID (JWT-SVID.md). Whoever has the token is believed: it is no less secret
/// than a key until it expires, and cannot be revoked.
struct JwtSvid {
  SpiffeId id;
  std::string hint;
  std::string token_id;  ///< The claim "jti", which names it without giving it away.
  std::string key_id;    ///< Of the key that signed it: "kid".
  WallTime issued_at;
  WallTime expires_at;
  SecretBytes token;  ///< JWS Compact Serialization (RFC 7515 section 3.1).
};

/// The keys that tokens are verified with. Never changes once it is shared.
struct TokenBundles {
  /// Rises with every change, also across restarts.
  std::uint64_t revision = 0;
  /// By the name of the trust domain, ours included: a JWK Set (RFC 7517) that holds
  /// keys for JWT-SVIDs and no others.
  std::map<std::string, std::string> jwk_sets;
};

/// Signs tokens. Thread-safe. Never asks whether: that is the Policy's task.
class TokenIssuer {
 public:
  virtual ~TokenIssuer() = default;
  /// A new token each call, for at most `entry.jwt_ttl` and never outliving the key in
  /// the bundle. kUnavailable while there is no key to sign with.
  virtual Result<JwtSvid> IssueToken(const Entry& entry, std::span<const std::string> audiences,
                                     WallTime now) = 0;
  /// Never null. What IssueToken() has signed can be verified with every bundle that is
  /// asked for afterwards, until it has expired.
  [[nodiscard]] virtual std::shared_ptr<const TokenBundles> Bundles() const = 0;
};

/// What a token says, once it is believed.
struct ValidatedToken {
  SpiffeId id;         ///< The claim "sub".
  std::string claims;  ///< All of them, as a JSON object; "aud" is a list.
  /// Of another trust domain: only for who may have the bundle of that one. Of its claims
  /// none but "sub", "aud" and "exp".
  bool foreign = false;
};

/// Says whether a token is to be believed (JWT-SVID.md, section 4 and appendix A).
/// Thread-safe.
class TokenValidator {
 public:
  virtual ~TokenValidator() = default;
  /// kInvalidArgument with the first reason why not. `token` is foreign bytes.
  [[nodiscard]] virtual Result<ValidatedToken> Validate(std::string_view token,
                                                        std::string_view audience,
                                                        WallTime now) const = 0;
};

}  // namespace surety
