#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "agent/issuance/openssl_handles.h"
#include "surety/result.h"

namespace surety {

/// What the tokens of one profile and the keys that sign them are called.
struct TokenProfile {
  std::string_view folder;  ///< Of the keys; also what the status calls them.
  std::string_view use;     ///< Of the keys: "use" of a JWK.
  std::string_view type;    ///< Of the tokens: "typ".
};
inline constexpr TokenProfile kJwtProfile{
    .folder = "jwt", .use = "jwt-svid", .type = "JWT"};  // JWT-SVID.md sections 2.3 and 6.1.
inline constexpr TokenProfile kWitProfile{
    .folder = "wit", .use = "wit-svid", .type = "wit+jwt"};  // WIT-SVID.md sections 2.2 and 6.1.

/// A P-256 key that signs tokens of one profile with ES256 and nothing else. Never changes
/// after construction; thread-safe, and two signatures never wait for each other.
class JwtKey {
 public:
  /// Takes what GenerateP256Key() wrote. The private half goes to OpenSSL's secure heap
  /// and to nowhere else. kInvalidArgument for anything but such a key.
  static Result<std::shared_ptr<const JwtKey>> Load(std::span<const std::uint8_t> pkcs8,
                                                    const TokenProfile& profile = kJwtProfile);

  /// RFC 7638: the key's thumbprint in base64url, so that a key has one name and no two
  /// keys have the same.
  [[nodiscard]] const std::string& id() const { return id_; }
  /// The public half as a JWK (RFC 7517): kty, use, kid, crv, x, y.
  [[nodiscard]] const std::string& jwk() const { return jwk_; }
  /// The encoded header of every token that it signs: alg, kid and typ.
  [[nodiscard]] const std::string& encoded_header() const { return encoded_header_; }
  /// The public half alone.
  [[nodiscard]] Result<PKeyPtr> PublicKey() const;

  /// The whole token: header, claims, signature.
  [[nodiscard]] Result<std::string> Sign(std::string_view claims) const;

 private:
  JwtKey() = default;
  Result<void> Describe(const TokenProfile& profile);

  PKeyPtr key_;
  DigestContextPtr ready_;  // Set up to sign with key_; copied for every signature.
  std::string point_;       // 65 bytes: 0x04, x, y.
  std::string id_;
  std::string jwk_;
  std::string encoded_header_;
};

}  // namespace surety
