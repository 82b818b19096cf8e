#include "agent/issuance/jwt_mint.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "agent/issuance/der_writer.h"
#include "agent/issuance/token_claims.h"

namespace surety {

Result<JwtSvid> MintJwtSvid(const JwtKey& key, WallTime key_expires_at, const Entry& entry,
                            std::span<const std::string> audiences, WallTime now,
                            std::string_view issuer) {
  auto common = NewTokenClaims(entry, "jwt_ttl", entry.jwt_ttl, key_expires_at, now);
  if (!common) return common.error();
  nlohmann::ordered_json claims{{"aud", audiences},
                                {"exp", SecondsOf(common->expires_at)},
                                {"iat", SecondsOf(common->issued_at)},
                                {"jti", common->token_id},
                                {"sub", entry.spiffe_id.Text()}};
  if (!issuer.empty()) claims["iss"] = issuer;
  auto token =
      key.Sign(claims.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace));
  if (!token) return token.error();
  SecretBytes secret(AsBytes(*token));
  ::explicit_bzero(token->data(), token->size());
  return JwtSvid{.id = entry.spiffe_id,
                 .hint = entry.hint,
                 .token_id = std::move(common->token_id),
                 .key_id = key.id(),
                 .issued_at = common->issued_at,
                 .expires_at = common->expires_at,
                 .token = std::move(secret)};
}

}  // namespace surety
